//! link.rs - where libpendio is: in PENDIO_LIBRARY_DIR, or where pkg-config says.

use std::env;
use std::process::Command;

pub fn tell_cargo() {
    for name in ["PENDIO_LIBRARY_DIR", "PENDIO_STATIC", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let is_static = env::var("PENDIO_STATIC").map_or(false, |value| value == "1");
    match env::var("PENDIO_LIBRARY_DIR") {
        Ok(folder) => println!("cargo:rustc-link-search=native={folder}"),
        Err(_) => ask_pkg_config(),
    }
    if is_static {
        println!("cargo:rustc-link-lib=static=pendio");
        println!("cargo:rustc-link-lib=dylib=uring");
        println!("cargo:rustc-link-lib=dylib=cares");
    } else {
        println!("cargo:rustc-link-lib=dylib=pendio");
    }
}

/// Without an answer the linker's own folders have to do, and its message says what is missing.
fn ask_pkg_config() {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let answer = Command::new(program).args(["--libs-only-L", "pendio"]).output();
    match answer {
        Ok(answer) if answer.status.success() => {
            for folder in String::from_utf8_lossy(&answer.stdout).split_whitespace() {
                if let Some(folder) = folder.strip_prefix("-L") {
                    println!("cargo:rustc-link-search=native={folder}");
                }
            }
        }
        _ => println!(
            "cargo:warning=pkg-config does not know pendio: if the linker does not find it, \
             set PENDIO_LIBRARY_DIR to the folder with libpendio.so"
        ),
    }
}
