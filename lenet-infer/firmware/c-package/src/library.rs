//! The cores that the packages are for, and where each package keeps the library of a core.

/// A build of the library, and the cores that it is for.
#[derive(Debug)]
pub(crate) struct Library {
    /// Its name, which is that of its folder in the Zephyr module.
    pub(crate) name: &'static str,
    /// The target that it is built for.
    pub(crate) target: &'static str,
    /// The core that the compiler is told, if the target alone does not select the kernels.
    pub(crate) cpu: Option<&'static str>,
    /// Its folders in the Arduino library, below `src`. Arduino looks in `{build.mcu}/{fpu}-{float-abi}` first, which are
    /// values of a board's compiler flags, and in `{build.mcu}` next.
    pub(crate) arduino: &'static [&'static str],
}

#[rustfmt::skip] // A table.
pub(crate) const LIBRARIES: [Library; 8] = [
    Library {
        name: "cortex-m0", target: "thumbv6m-none-eabi", cpu: None,
        arduino: &["cortex-m0", "cortex-m0plus", "cortex-m23"],
    },
    Library { name: "cortex-m3", target: "thumbv7m-none-eabi", cpu: None, arduino: &["cortex-m3"] },
    // The calling convention "softfp" is the soft one, so these two are also for boards with that flag.
    Library {
        name: "cortex-m4-soft", target: "thumbv7em-none-eabi", cpu: None,
        arduino: &["cortex-m4", "cortex-m7"],
    },
    Library {
        name: "cortex-m4-hard", target: "thumbv7em-none-eabihf", cpu: None,
        arduino: &[
            "cortex-m4/fpv4-sp-d16-hard",
            "cortex-m7/fpv4-sp-d16-hard", "cortex-m7/fpv5-sp-d16-hard", "cortex-m7/fpv5-d16-hard",
        ],
    },
    Library {
        name: "cortex-m33-soft", target: "thumbv8m.main-none-eabi", cpu: Some("cortex-m33"),
        arduino: &["cortex-m33"],
    },
    Library {
        name: "cortex-m33-hard", target: "thumbv8m.main-none-eabihf", cpu: Some("cortex-m33"),
        arduino: &["cortex-m33/fpv4-sp-d16-hard", "cortex-m33/fpv5-sp-d16-hard"],
    },
    Library {
        name: "cortex-m55", target: "thumbv8m.main-none-eabihf", cpu: Some("cortex-m55"),
        arduino: &["cortex-m55"],
    },
    Library {
        name: "riscv32imc", target: "riscv32imc-unknown-none-elf", cpu: None,
        arduino: &["esp32c3", "esp32c6", "esp32h2"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_is_for_one_library() {
        let mut folders: Vec<_> = LIBRARIES.iter().flat_map(|library| library.arduino).collect();
        folders.sort();
        assert!(folders.windows(2).all(|pair| pair[0] != pair[1]), "{folders:?}");
    }

    #[test]
    fn the_library_for_a_core_without_floating_point_flags_has_the_soft_calling_convention() {
        for library in &LIBRARIES {
            let hard = library.target.ends_with("eabihf");
            let without_flags = library.arduino.iter().any(|folder| !folder.contains('/'));
            // Every Cortex-M55 has floating-point registers, because its vector registers are the same.
            assert!(!(hard && without_flags) || library.name == "cortex-m55", "{}", library.name);
        }
    }
}
