//! `deploy.yaml` in, a configuration or the exact errors out.

use std::path::{Path, PathBuf};
use std::{env, fs};

use deployer::config::{Config, ConfigErrors};

const CASES: &str = "tests/cases/config";

/// Reads a case as a user would: by its path.
fn load(path: &Path) -> Result<Config, ConfigErrors> {
    let source = fs::read(path).expect("a case can be read");
    match String::from_utf8(source) {
        Ok(source) => Config::parse(&source, "deploy.yaml", "production"),
        Err(_) => Config::load(path, "production"),
    }
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(CASES)
        .expect("the directory of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    cases.sort();
    cases
}

/// `NAME.yaml` gives `NAME.stderr`, or none where the file is good; `ACCEPT=1` writes what is missing or differs.
#[test]
fn each_case_has_its_exact_errors() {
    let accept = env::var_os("ACCEPT").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let golden = case.with_extension("stderr");
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        let errors = load(&case)
            .err()
            .map(|errors| format!("{errors}\n"))
            .unwrap_or_default();
        if errors == expected {
            continue;
        }
        if accept {
            fs::write(&golden, &errors).expect("the golden can be written");
        } else {
            wrong.push(format!(
                "{}:\n{errors}\nexpected:\n{expected}",
                case.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
