//! Links `bootstrap` so that less of it has to be in memory.
//!
//! - To fixed addresses. A program that can lie anywhere writes thousands of addresses into its tables when it starts:
//!   pages that it has to itself then, and others that are read only for that, together a sixth of its memory.
//!   Libraries, heap and stack still lie at random addresses.
//! - With the functions side by side that deliveries run through, those that `hot.txt` names. The kernel maps sixteen
//!   pages where one is touched: a program whose functions lie as they were compiled soon is all there. A name that is
//!   no function's any more does no harm. Only in the profile `lambda`, whose mark is that this crate is built small:
//!   not every linker takes such a script, and other builds are to work with any.

use std::fmt::Write;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=hot.txt");
    let set = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    if !set("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-no-pie");
    if set("OPT_LEVEL", "s") {
        let folder = std::env::var_os("OUT_DIR").map(PathBuf::from);
        let script = folder.unwrap_or_default().join("hot.ld");
        std::fs::write(&script, order(include_str!("hot.txt"))).expect("room for the script");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}

/// Returns the linker's script. The compiler keeps functions that it takes for unlikely in sections of another name.
fn order(names: &str) -> String {
    let mut script = String::from("SECTIONS\n{\n  .text.hot :\n  {\n");
    for name in names.lines().filter(|line| !line.starts_with('#')) {
        let _ = writeln!(script, "    *(.text.{name} .text.unlikely.{name})");
    }
    script + "  }\n}\nINSERT BEFORE .text;\n"
}
