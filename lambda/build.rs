//! Links `bootstrap` to fixed addresses.
//!
//! A program that can lie anywhere writes thousands of addresses into its tables when it starts: pages that it has to
//! itself then, and others that are read only for that, together a sixth of its memory. Libraries, heap and stack still lie
//! at random addresses.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS");
    if os.is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
