//! write.rs - the records of the snapshot as Rust.

use crate::snapshot::{Function, Interface, Struct};
use std::fmt::Write;

pub fn interface(interface: &Interface) -> String {
    let mut text = String::from("use std::mem::{align_of, size_of};\n");
    text.push_str("use std::os::raw::{c_char, c_int, c_void};\n\n");
    for (name, kind) in &interface.aliases {
        writeln!(text, "pub type {name} = {};", rust_type(kind)).unwrap();
    }
    for name in &interface.opaque {
        text.push_str(&opaque(name));
    }
    for callback in &interface.callbacks {
        writeln!(
            text,
            "pub type {} = Option<unsafe extern \"C\" fn({}){}>;",
            callback.name,
            parameters(callback),
            result(callback)
        )
        .unwrap();
    }
    for (name, value) in &interface.constants {
        let kind = if u32::try_from(*value).is_ok() { "u32" } else { "u64" };
        writeln!(text, "pub const {name}: {kind} = {value};").unwrap();
    }
    for structure in &interface.structs {
        text.push_str(&declaration(structure));
    }
    text.push_str("\nextern \"C\" {\n");
    for function in &interface.functions {
        writeln!(
            text,
            "    pub fn {}({}){};",
            function.name,
            parameters(function),
            result(function)
        )
        .unwrap();
    }
    text.push_str("}\n");
    text.push_str(&test(&interface.structs));
    text
}

/// Nobody makes one, moves one, or sends one to another thread.
fn opaque(name: &str) -> String {
    format!(
        "#[repr(C)]\npub struct {name} {{\n    bytes: [u8; 0],\n    \
         marker: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,\n}}\n"
    )
}

/// With the sizes of itself and of its members asserted; and zero, which is every default.
fn declaration(structure: &Struct) -> String {
    let name = &structure.name;
    let mut text = format!("\n#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{\n");
    for member in &structure.members {
        writeln!(text, "    pub {}: {},", identifier(&member.name), rust_type(&member.kind))
            .unwrap();
    }
    writeln!(text, "}}\nconst _: () = assert!(size_of::<{name}>() == {});", structure.byte_count)
        .unwrap();
    writeln!(text, "const _: () = assert!(align_of::<{name}>() == {});", structure.alignment)
        .unwrap();
    for member in &structure.members {
        writeln!(
            text,
            "const _: () = assert!(size_of::<{}>() == {});",
            rust_type(&member.kind),
            member.byte_count
        )
        .unwrap();
    }
    write!(
        text,
        "impl Default for {name} {{\n    fn default() -> Self {{\n        \
         // SAFETY: numbers, pointers and optional functions: all of them may be zero.\n        \
         unsafe {{ std::mem::zeroed() }}\n    }}\n}}\n"
    )
    .unwrap();
    text
}

fn test(structures: &[Struct]) -> String {
    let mut text = String::from("\n#[cfg(test)]\n#[test]\nfn members_are_where_c_has_them() {\n");
    for structure in structures {
        let name = &structure.name;
        write!(
            text,
            "    let one = {name}::default();\n    let start = &one as *const _ as usize;\n"
        )
        .unwrap();
        for member in &structure.members {
            let field = identifier(&member.name);
            writeln!(
                text,
                "    assert_eq!(&one.{field} as *const _ as usize - start, {}, \
                            \"{name}.{field}\");",
                member.offset
            )
            .unwrap();
        }
    }
    text + "}\n"
}

fn parameters(function: &Function) -> String {
    let listed = function.parameters.iter();
    let each = listed.map(|one| format!("{}: {}", identifier(&one.name), rust_type(&one.kind)));
    each.collect::<Vec<_>>().join(", ")
}

fn result(function: &Function) -> String {
    match function.result.as_str() {
        "void" => String::new(),
        other => format!(" -> {}", rust_type(other)),
    }
}

fn identifier(name: &str) -> String {
    match name {
        "type" | "loop" | "move" | "in" | "ref" | "match" | "use" => format!("r#{name}"),
        _ => name.into(),
    }
}

/// What a type of C is here. A pointer to a callback is the callback's own type.
fn rust_type(kind: &str) -> String {
    if let Some(target) = kind.strip_suffix('*') {
        let target = target.trim();
        if target.ends_with("_fn") {
            return target.into();
        }
        return match target.strip_prefix("const ") {
            Some(target) if !target.ends_with('*') => format!("*const {}", rust_type(target)),
            _ => format!("*mut {}", rust_type(target)),
        };
    }
    if let Some((element, count)) = kind.strip_suffix(']').and_then(|kind| kind.split_once('[')) {
        return format!("[{}; {count}]", rust_type(element));
    }
    let plain = match kind {
        "void" => "c_void",
        "char" => "c_char",
        "int" => "c_int",
        "size_t" => "usize",
        "uint8_t" => "u8",
        "uint16_t" => "u16",
        "uint32_t" => "u32",
        "uint64_t" => "u64",
        "int32_t" => "i32",
        "int64_t" => "i64",
        _ => {
            let name = kind.strip_prefix("struct ").unwrap_or(kind);
            assert!(name.starts_with("pendio_"), "pendio.abi has a type unknown so far: {kind}");
            name
        }
    };
    plain.into()
}
