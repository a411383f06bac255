//! What a build without a feature leaves out.

use std::path::Path;
use std::process::Command;

/// Returns the names of the crates in the tree of a build with these features only.
fn tree(features: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--package", "logq"])
        .args([
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(["--no-default-features", "--features", features])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    text.lines().filter_map(name).collect()
}

#[test]
fn without_aws_there_is_no_crate_of_it_in_the_tree() {
    let of_aws = |name: &String| name.starts_with("aws") || name == "tokio" || name == "rustls";
    let without = tree("cli");
    assert!(without.contains(&"clap".to_owned()), "{without:?}");
    let found: Vec<&String> = without.iter().filter(|name| of_aws(name)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(tree("cli,aws").iter().any(of_aws));
}
