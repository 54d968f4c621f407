//! snapshot.rs - the lines of abi/pendio.abi as records; types are C's, as the header has them.

pub struct Parameter {
    pub kind: String,
    pub name: String,
}

/// An exported function, or the type of a callback.
pub struct Function {
    pub name: String,
    pub result: String,
    pub parameters: Vec<Parameter>,
}

pub struct Member {
    pub offset: usize,
    pub byte_count: usize,
    pub kind: String,
    pub name: String,
}

pub struct Struct {
    pub name: String,
    pub byte_count: usize,
    pub alignment: usize,
    pub members: Vec<Member>,
}

#[derive(Default)]
pub struct Interface {
    pub functions: Vec<Function>,
    pub callbacks: Vec<Function>,
    pub aliases: Vec<(String, String)>,
    pub opaque: Vec<String>,
    pub constants: Vec<(String, u64)>,
    pub structs: Vec<Struct>,
}

pub fn read(text: &str) -> Interface {
    let mut interface = Interface::default();
    for (index, line) in text.lines().enumerate() {
        if !line.is_empty() && !line.starts_with('#') {
            read_line(line, &mut interface)
                .unwrap_or_else(|| panic!("pendio.abi:{}: not understood: {line}", index + 1));
        }
    }
    interface
}

fn read_line(line: &str, interface: &mut Interface) -> Option<()> {
    let (word, rest) = line.split_once(' ')?;
    match word {
        "symbol" => {}
        "function" => interface.functions.push(read_function(rest)?),
        "type" => read_type(rest, interface)?,
        "constant" => {
            let (name, value) = rest.split_once(" = ")?;
            interface.constants.push((name.into(), value.parse().ok()?));
        }
        "struct" => interface.structs.push(read_struct(rest)?),
        "" => interface.structs.last_mut()?.members.push(read_member(rest)?),
        _ => return None,
    }
    Some(())
}

fn read_type(text: &str, interface: &mut Interface) -> Option<()> {
    if let Some(name) = text.strip_prefix("struct ") {
        interface.opaque.push(name.into());
        return Some(());
    }
    let text = text.strip_prefix("typedef ")?;
    if text.contains('(') {
        interface.callbacks.push(read_function(text)?);
    } else {
        let declared = read_declaration(text)?;
        interface.aliases.push((declared.name, declared.kind));
    }
    Some(())
}

/// `const char *host` is `const char *` and `host`.
fn read_declaration(text: &str) -> Option<Parameter> {
    let begin = text.rfind([' ', '*'])? + 1;
    Some(Parameter { kind: text[..begin].trim().into(), name: text[begin..].into() })
}

fn read_function(text: &str) -> Option<Function> {
    let (head, rest) = text.split_once('(')?;
    let listed = rest.strip_suffix(')')?;
    let declared = read_declaration(head)?;
    let parameters = if listed == "void" {
        Vec::new()
    } else {
        listed.split(", ").map(read_declaration).collect::<Option<_>>()?
    };
    Some(Function { name: declared.name, result: declared.kind, parameters })
}

/// `pendio_bytes: 16 bytes, aligned to 8`
fn read_struct(text: &str) -> Option<Struct> {
    let (name, rest) = text.split_once(": ")?;
    let (byte_count, alignment) = rest.split_once(" bytes, aligned to ")?;
    Some(Struct {
        name: name.into(),
        byte_count: byte_count.parse().ok()?,
        alignment: alignment.parse().ok()?,
        members: Vec::new(),
    })
}

/// `8   8 size_t byte_count`
fn read_member(text: &str) -> Option<Member> {
    let (offset, rest) = text.trim_start().split_once(' ')?;
    let (byte_count, rest) = rest.trim_start().split_once(' ')?;
    let declared = read_declaration(rest)?;
    Some(Member {
        offset: offset.parse().ok()?,
        byte_count: byte_count.parse().ok()?,
        kind: declared.kind,
        name: declared.name,
    })
}
