//! Where do the programs of a control plane come from? They are built from Go modules, once, into the cache: the
//! versions are those of the go.mod files in `tests/wires/control-plane/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::setup_error::SetupError;

/// One Go module of `tests/wires/control-plane/` and what is built from it.
struct Module {
    folder: &'static str,
    go_mod: &'static str,
    go_sum: &'static str,
    /// The module whose version the programs report as theirs.
    versioned: &'static str,
    /// Where the programs keep their version: `-X <variable>=<version>`.
    stamps: &'static [&'static str],
    /// Name of the program and its package.
    programs: &'static [(&'static str, &'static str)],
}

macro_rules! module_text {
    ($folder:literal, $file:literal) => {
        include_str!(concat!("../../control-plane/", $folder, "/", $file))
    };
}

const MODULES: [Module; 3] = [
    Module {
        folder: "etcd",
        go_mod: module_text!("etcd", "go.mod"),
        go_sum: module_text!("etcd", "go.sum"),
        versioned: "go.etcd.io/etcd/server/v3",
        stamps: &[],
        programs: &[("etcd", "go.etcd.io/etcd/server/v3")],
    },
    Module {
        folder: "kubernetes",
        go_mod: module_text!("kubernetes", "go.mod"),
        go_sum: module_text!("kubernetes", "go.sum"),
        versioned: "k8s.io/kubernetes",
        stamps: &["k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion"],
        programs: &[
            ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
            ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
            ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
            ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        ],
    },
    Module {
        folder: "kwok",
        go_mod: module_text!("kwok", "go.mod"),
        go_sum: module_text!("kwok", "go.sum"),
        versioned: "sigs.k8s.io/kwok",
        stamps: &["sigs.k8s.io/kwok/pkg/consts.Version"],
        programs: &[("kwok", "sigs.k8s.io/kwok/cmd/kwok")],
    },
];

/// Kubernetes takes its version apart where the API says it; a build without these says 0.0.
const MINOR_STAMPS: [&str; 2] = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];

/// The folder with etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl and kwok. The first call on
/// a machine builds them, which takes minutes.
///
/// # Errors
/// Go is missing, or a module cannot be fetched or built.
pub(super) fn folder() -> Result<PathBuf, SetupError> {
    let mut parts = Vec::new();
    for module in &MODULES {
        parts.extend([module.go_mod, module.go_sum]);
        parts.extend(module.programs.iter().map(|(name, _)| *name));
    }
    let made = cache::folder("control-plane", &parts, |path| {
        eprintln!("building a control plane into {}: once, some minutes", path.display());
        MODULES.iter().try_for_each(|module| build(module, &path.join("bin")))
    })?;
    Ok(made.join("bin"))
}

fn build(module: &Module, bin: &Path) -> Result<(), SetupError> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("control-plane").join(module.folder);
    let flags = linker_flags(module)?;
    for (name, package) in module.programs {
        if bin.join(name).exists() {
            continue;
        }
        // Written beside and renamed: what exists is whole.
        let unfinished = bin.join(format!("{name}.unfinished"));
        let mut go = Command::new("go");
        go.current_dir(&source).env("CGO_ENABLED", "0").env("GOFLAGS", "-buildvcs=false -mod=readonly");
        go.args(["build", "-trimpath", "-ldflags", &flags, "-o"]).arg(&unfinished).arg(package);
        cache::run(&mut go, "tests on real wires need Go 1.21 or later to build a control plane")?;
        std::fs::rename(&unfinished, bin.join(name))
            .map_err(|e| SetupError::because(format!("keeping {name}"), &e))?;
    }
    Ok(())
}

/// Leaves symbols out and stamps the version that the module file names.
fn linker_flags(module: &Module) -> Result<String, SetupError> {
    let version = required(module.go_mod, module.versioned).ok_or_else(|| {
        let (file, name) = (module.folder, module.versioned);
        SetupError::new(format!("tests/wires/control-plane/{file}/go.mod does not require {name}"))
    })?;
    let mut flags = String::from("-s -w");
    for stamp in module.stamps {
        flags.push_str(&format!(" -X {stamp}={version}"));
    }
    if module.folder == "kubernetes" {
        let mut numbers = version.trim_start_matches('v').split('.');
        let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
        for package in MINOR_STAMPS {
            flags.push_str(&format!(" -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"));
            flags.push_str(&format!(" -X {package}.gitTreeState=clean -X {package}.gitCommit=0000000"));
            flags.push_str(&format!(" -X {package}.buildDate=1970-01-01T00:00:00Z"));
        }
    }
    Ok(flags)
}

/// The version of a module that a go.mod requires.
fn required<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().filter(|line| !line.contains("=>")).find_map(|line| {
        let mut words = line.trim().trim_start_matches("require ").split(' ');
        (words.next() == Some(module)).then(|| words.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_say_the_version_that_their_module_file_names() {
        let flags: Vec<String> = MODULES.iter().map(|module| linker_flags(module).unwrap()).collect();
        assert_eq!(flags[0], "-s -w");
        assert!(flags[1].contains("component-base/version.gitVersion=v1.34."), "{}", flags[1]);
        assert!(flags[1].contains("component-base/version.gitMinor=34"), "{}", flags[1]);
        assert!(flags[2].ends_with("consts.Version=v0.7.0"), "{}", flags[2]);
    }
}
