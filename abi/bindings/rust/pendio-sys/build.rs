//! Makes Rust of the snapshot of the C interface, and tells the linker where the library is.
//!
//! It reads `abi/pendio.abi` by itself, so that a program built with this crate needs cargo and
//! nothing else. A line that it cannot read ends the build: a binding that silently lacks a call
//! would be worse.

#[path = "build/link.rs"]
mod link;
#[path = "build/snapshot.rs"]
mod snapshot;
#[path = "build/write.rs"]
mod write;

use std::path::PathBuf;
use std::{env, fs};

const SNAPSHOT: &str = "../../../pendio.abi";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let path = root.join(SNAPSHOT);
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; build in pendio's tree", path.display()));
    let interface = snapshot::read(&text);
    fs::write(target.join("interface.rs"), write::interface(&interface)).expect("OUT_DIR is there");

    for watched in ["build.rs", "build/link.rs", "build/snapshot.rs", "build/write.rs", SNAPSHOT] {
        println!("cargo:rerun-if-changed={watched}");
    }
    link::tell_cargo();
}
