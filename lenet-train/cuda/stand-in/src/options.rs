//! What the environment asks for. All names begin with `STAND_IN_`; a value that is not known stops the program.

use crate::stop::stop;
use crate::translate::Variant;
use std::path::PathBuf;
use std::sync::LazyLock;

/// How the stand-in behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// `STAND_IN_ORDER=reverse`: blocks and threads run in descending order.
    pub(crate) reverse: bool,
    /// `STAND_IN_STREAMS=late`: a stream runs only when something waits for it.
    pub(crate) late: bool,
    /// `STAND_IN_MEMORY=guarded`: allocations end at a page without access.
    pub(crate) guarded: bool,
    /// `STAND_IN_KERNELS=skip`: calls are counted, but nothing is computed, and all memory is 0.
    pub(crate) skip_kernels: bool,
    /// `STAND_IN_WITHOUT=waits`: streams do not wait for events. A negative control.
    pub(crate) without_waits: bool,
    /// `STAND_IN_WITHOUT=barriers` and `STAND_IN_FIND=races`.
    pub(crate) variant: Variant,
    /// `STAND_IN_DEVICES`: how many GPUs there are; 1 without it.
    pub(crate) devices: i32,
    /// `STAND_IN_MEMORY_BYTES`: how much memory each GPU has; 16 GiB without it.
    pub(crate) memory_bytes: usize,
    /// `STAND_IN_CAPABILITY`: the compute capability as 10 × major + minor; 90 without it.
    pub(crate) capability: u32,
    /// `STAND_IN_DRIVER`: the newest CUDA that the driver knows, as 10 × major + minor; 130 without it.
    pub(crate) driver: u32,
    /// `STAND_IN_CACHE`: the folder of compiled kernels; without it, `lenet/stand-in` in the user's cache folder.
    pub(crate) cache: PathBuf,
}

/// The options of this process.
pub(crate) fn options() -> &'static Options {
    static OPTIONS: LazyLock<Options> =
        LazyLock::new(|| Options::new(&|name| std::env::var(name).ok()).unwrap_or_else(|why| stop(&why)));
    &OPTIONS
}

impl Options {
    /// From an environment.
    fn new(environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let get = |name: &str| environment(&format!("STAND_IN_{name}"));
        let chosen = |name: &str, choices: &[&str]| match get(name) {
            None => Ok(None),
            Some(value) => match choices.iter().position(|&choice| choice == value) {
                Some(index) => Ok(Some(index)),
                None => Err(format!("STAND_IN_{name}: expected {}, found `{value}`", choices.join(" or "))),
            },
        };
        let number = |name: &str, default: usize| match get(name) {
            None => Ok(default),
            Some(value) => value
                .parse()
                .map_err(|_| format!("STAND_IN_{name}: expected a whole number, found `{value}`")),
        };
        let version = |name: &str, default: u32| match get(name) {
            None => Ok(default),
            Some(value) => {
                let parts = value
                    .split_once('.')
                    .and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
                let wrong = || format!("STAND_IN_{name}: expected a version like 9.0, found `{value}`");
                parts
                    .filter(|(_, minor)| *minor < 10)
                    .map(|(major, minor)| major * 10 + minor)
                    .ok_or_else(wrong)
            }
        };
        let without = chosen("WITHOUT", &["barriers", "waits"])?;
        Ok(Options {
            reverse: chosen("ORDER", &["reverse"])?.is_some(),
            late: chosen("STREAMS", &["late"])?.is_some(),
            guarded: chosen("MEMORY", &["guarded"])?.is_some(),
            skip_kernels: chosen("KERNELS", &["skip"])?.is_some(),
            without_waits: without == Some(1),
            variant: Variant {
                without_barriers: without == Some(0),
                find_races: chosen("FIND", &["races"])?.is_some(),
            },
            devices: number("DEVICES", 1)?.try_into().map_err(|_| "STAND_IN_DEVICES: too many")?,
            memory_bytes: number("MEMORY_BYTES", 16 << 30)?,
            capability: version("CAPABILITY", 90)?,
            driver: version("DRIVER", 130)?.max(110),
            cache: get("CACHE")
                .map(PathBuf::from)
                .unwrap_or_else(|| user_cache(environment).join("lenet/stand-in")),
        })
    }
}

/// The user's cache folder, as the XDG base directory specification defines it.
fn user_cache(environment: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    match (environment("XDG_CACHE_HOME"), environment("HOME")) {
        (Some(folder), _) if PathBuf::from(&folder).is_absolute() => PathBuf::from(folder),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        _ => std::env::temp_dir(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Result<Options, String> {
        Options::new(&|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()))
    }

    #[test]
    fn without_an_environment_one_device_runs_forward_and_at_once() {
        let options = options(&[("HOME", "/home/user")]).unwrap();
        assert!(!options.reverse && !options.late && !options.guarded && !options.without_waits);
        assert_eq!((options.devices, options.capability, options.driver), (1, 90, 130));
        assert_eq!(options.cache, PathBuf::from("/home/user/.cache/lenet/stand-in"));
    }

    #[test]
    fn each_option_is_read() {
        let options = options(&[
            ("STAND_IN_ORDER", "reverse"),
            ("STAND_IN_STREAMS", "late"),
            ("STAND_IN_MEMORY", "guarded"),
            ("STAND_IN_KERNELS", "skip"),
            ("STAND_IN_WITHOUT", "barriers"),
            ("STAND_IN_FIND", "races"),
            ("STAND_IN_DEVICES", "2"),
            ("STAND_IN_MEMORY_BYTES", "1000"),
            ("STAND_IN_CAPABILITY", "7.5"),
            ("STAND_IN_DRIVER", "12.2"),
            ("STAND_IN_CACHE", "/somewhere"),
        ]);
        let options = options.unwrap();
        assert!(options.reverse && options.late && options.guarded && options.skip_kernels);
        assert!(!options.without_waits && options.variant.without_barriers && options.variant.find_races);
        assert_eq!((options.devices, options.memory_bytes), (2, 1000));
        assert_eq!((options.capability, options.driver), (75, 122));
        assert_eq!(options.cache, PathBuf::from("/somewhere"));
    }

    #[test]
    fn an_unknown_value_is_named() {
        let error = options(&[("STAND_IN_ORDER", "backwards")]).unwrap_err();
        assert_eq!(error, "STAND_IN_ORDER: expected reverse, found `backwards`");
        assert!(
            options(&[("STAND_IN_DRIVER", "13")]).unwrap_err().contains("a version like 9.0, found `13`")
        );
        assert!(options(&[("STAND_IN_DEVICES", "-1")]).unwrap_err().contains("a whole number"));
    }
}
