//! The profiles of AWS's own files, for one that is named and that nobody has.

use aws_config::profile;

use crate::suggest::did_you_mean;

/// What is said of a profile that is in none of the files.
pub(super) struct Missing {
    /// Why there are no credentials.
    pub(super) cause: String,
    /// What to do about it.
    pub(super) hint: String,
}

/// Returns what to say of a profile that no file has; `None` when there is one, and when the files cannot be read.
///
/// The SDK tells the two apart neither by kind nor by words: without files it says that its provider is not enabled.
pub(super) async fn missing(name: &str) -> Option<Missing> {
    // The file system, the variables of the process and the usual files are of types that the SDK gives no public name.
    #[allow(
        clippy::default_trait_access,
        reason = "the types cannot be named here"
    )]
    let known = profile::load(
        &Default::default(),
        &Default::default(),
        &Default::default(),
        None,
    )
    .await
    .ok()?;
    if known.get_profile(name).is_some() {
        return None;
    }
    let [config, credentials] = places();
    Some(Missing {
        cause: format!("there is no profile `{name}` in {config} or {credentials}"),
        hint: did_you_mean(name, known.profiles())
            .unwrap_or_else(|| "`aws configure list-profiles` lists the profiles".to_owned()),
    })
}

/// Returns where profiles are looked for.
fn places() -> [String; 2] {
    let files = [
        ("AWS_CONFIG_FILE", "~/.aws/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ];
    files.map(|(variable, usual)| std::env::var(variable).unwrap_or_else(|_| usual.to_owned()))
}
