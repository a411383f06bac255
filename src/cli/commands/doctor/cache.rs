//! The cache: whether it can be written, and how full it is.

use std::fs;
use std::io;
use std::path::Path;

use super::super::super::aws;
use super::super::super::context::Context;
use super::super::super::output::{counted, size};
use super::report::{Finding, Verdict};

const AREA: &str = "cache";

/// Tells of the folder that answers of AWS are kept in.
pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let Some(cache) = aws::cache(context) else {
        let detail = "there is no folder for it, so that everything is fetched each time";
        let finding = Finding::new(AREA, "folder", Verdict::Warning, detail);
        return vec![finding.mend("set HOME or XDG_CACHE_HOME".to_owned())];
    };
    let folder = cache.folder();
    if let Err(error) = write_something(folder) {
        let detail = format!("{}: cannot be written: {error}", folder.display());
        let mend = "make room or give yourself the folder; XDG_CACHE_HOME names another";
        let finding = Finding::new(AREA, "folder", Verdict::Warning, detail);
        return vec![finding.mend(mend.to_owned())];
    }
    let stock = cache.stock();
    let most = size(context.config.cloudwatch.cache_size);
    let files = counted(stock.files, "file", "files");
    let detail = format!(
        "{}: {files}, {} of at most {most}",
        folder.display(),
        size(stock.bytes)
    );
    let mut findings = vec![Finding::new(AREA, "folder", Verdict::Ok, detail)];
    if context.no_cache {
        findings.push(Finding::new(
            AREA,
            "use",
            Verdict::Ok,
            "not used: --no-cache",
        ));
    }
    findings
}

fn write_something(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let written = fs::write(&path, "logq doctor\n");
    let removed = fs::remove_file(&path);
    written.and(removed)
}
