//! Functions that programs link, but that the stand-in does not have. Each stops the program and names itself.
//!
//! These are what cudarc 0.9 can call besides what the driver's modules have here. A program that calls one needs it
//! added there.

use crate::stop::stop;

/// Defines functions that stop the program.
macro_rules! not_provided {
    ($($name:ident)*) => {
        $(
            /// Stops the program.
            #[unsafe(no_mangle)]
            pub extern "C" fn $name() -> ! {
                stop(concat!(stringify!($name), " was called, which is not supported; add it in src/driver"));
            }
        )*
    };
}

not_provided! {
    cuDestroyExternalMemory cuEventElapsedTime cuExternalMemoryGetMappedBuffer cuImportExternalMemory
    cuOccupancyAvailableDynamicSMemPerBlock cuOccupancyMaxActiveBlocksPerMultiprocessor
    cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags cuOccupancyMaxPotentialBlockSize
    cuOccupancyMaxPotentialBlockSizeWithFlags cuProfilerStart cuProfilerStop
    cublasDgemmStridedBatched cublasDgemm_v2 cublasDgemv_v2 cublasGemmEx cublasGemmStridedBatchedEx
    cublasHgemm cublasHgemmStridedBatched cublasSgemv_v2
    nvrtcCompileProgram nvrtcCreateProgram nvrtcDestroyProgram nvrtcGetPTX nvrtcGetPTXSize nvrtcGetProgramLog
    nvrtcGetProgramLogSize
}
