//! The two functions of cuBLAS that dfdx calls, products of matrices of f32, and what they need.
//!
//! cuBLAS adds in an order of its own, and so does this: results agree to rounding.

use crate::counters;
use crate::driver::{Handle, Status, give_handle};
use crate::launch::note;
use crate::memory::{Address, check};
use crate::options::options;
use crate::stop::stop;
use crate::streams;
use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Where products are queued. Programs have one library handle per stream or set the stream before each call.
static STREAM: AtomicUsize = AtomicUsize::new(0);
/// `CUBLAS_STATUS_INVALID_VALUE`.
const INVALID_VALUE: Status = 7;

/// A matrix that is stored column by column.
#[derive(Clone, Copy)]
struct Matrix {
    at: Address,
    /// As stored: rows, and columns.
    size: [usize; 2],
    /// The distance between columns, in elements.
    leading: usize,
    /// The distance between the matrices of a batch, in elements.
    stride: i64,
}

impl Matrix {
    /// The address of a matrix of the batch; stops the program unless all of it is in one allocation.
    fn of_batch(&self, index: usize, what: &str) -> *mut f32 {
        let at = self.at.wrapping_add_signed(4 * self.stride * index as i64);
        let [rows, columns] = self.size;
        if rows > 0 && columns > 0 {
            check(at, 4 * ((columns - 1) * self.leading + rows), what);
        }
        at as *mut f32
    }
}

/// `c = alpha a b + beta c`, for each of a batch.
struct Product {
    /// Whether `a` and `b` are transposed first.
    transposed: [bool; 2],
    /// Rows of the result, its columns, and what is added up.
    size: [usize; 3],
    alpha: f32,
    beta: f32,
    a: Matrix,
    b: Matrix,
    c: Matrix,
    batch: usize,
}

impl Product {
    fn run(&self) {
        let started = Instant::now();
        let [m, n, k] = self.size;
        // Distances between rows and between columns of what is multiplied.
        let distances = |matrix: &Matrix, transposed: bool| {
            let leading = matrix.leading as isize;
            if transposed { (leading, 1) } else { (1, leading) }
        };
        let (a_row, a_column) = distances(&self.a, self.transposed[0]);
        let (b_row, b_column) = distances(&self.b, self.transposed[1]);
        for index in 0..self.batch {
            let (a, b) =
                (self.a.of_batch(index, "cuBLAS, matrix A"), self.b.of_batch(index, "cuBLAS, matrix B"));
            let c = self.c.of_batch(index, "cuBLAS, matrix C");
            // SAFETY: `of_batch` found all elements within allocations.
            unsafe {
                matrixmultiply::sgemm(
                    m,
                    k,
                    n,
                    self.alpha,
                    a,
                    a_row,
                    a_column,
                    b,
                    b_row,
                    b_column,
                    self.beta,
                    c,
                    1,
                    self.c.leading as isize,
                );
            }
        }
        note("(cuBLAS)", started.elapsed());
    }
}

/// Checks a product as cuBLAS does, and queues it.
///
/// # Safety
///
/// `scales` must point to numbers of the host.
unsafe fn multiply(
    transposed: [c_int; 2],
    size: [c_int; 3],
    scales: [*const f32; 2],
    matrices: [(Address, c_int, i64); 3],
    batch: c_int,
) -> Status {
    if transposed.iter().any(|t| !(0..=2).contains(t)) || size.iter().any(|&n| n < 0) || batch < 0 {
        return INVALID_VALUE;
    }
    let transposed = transposed.map(|t| t != 0);
    let size = size.map(|n| n as usize);
    let [m, n, k] = size;
    let stored = |swapped: bool, rows, columns| if swapped { [columns, rows] } else { [rows, columns] };
    let sizes = [stored(transposed[0], m, k), stored(transposed[1], k, n), [m, n]];
    if matrices.iter().zip(sizes).any(|(matrix, [rows, _])| matrix.1 < rows.max(1) as c_int) {
        eprintln!(
            "CUDA stand-in: cuBLAS refuses leading dimensions {:?} of matrices {sizes:?}",
            matrices.map(|m| m.1)
        );
        return INVALID_VALUE;
    }
    let matrix = |index: usize| {
        let (at, leading, stride) = matrices[index];
        Matrix { at, size: sizes[index], leading: leading as usize, stride }
    };
    // SAFETY: the caller's promise.
    let (alpha, beta) = unsafe { (*scales[0], *scales[1]) };
    let batch = batch as usize;
    counters::KERNELS.add(1);
    counters::PRODUCTS.add(1);
    counters::PRODUCT_OPERATIONS.add(2 * (m * n * k * batch) as u64);
    let product = Product { transposed, size, alpha, beta, a: matrix(0), b: matrix(1), c: matrix(2), batch };
    if !options().skip_kernels {
        streams::push(STREAM.load(Ordering::Relaxed), move || product.run());
    }
    0
}

/// A handle of the library.
///
/// # Safety
///
/// `library` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasCreate_v2(library: *mut Handle) -> Status {
    // SAFETY: the caller's promise.
    unsafe { give_handle(library) }
}

/// Gives the handle back.
#[unsafe(no_mangle)]
pub extern "C" fn cublasDestroy_v2(_library: Handle) -> Status {
    0
}

/// Products from now on are queued on this stream.
#[unsafe(no_mangle)]
pub extern "C" fn cublasSetStream_v2(_library: Handle, stream: Handle) -> Status {
    STREAM.store(stream, Ordering::Relaxed);
    0
}

/// Only multiplications in f32 are known; 0 is the default mode.
#[unsafe(no_mangle)]
pub extern "C" fn cublasSetMathMode(_library: Handle, mode: c_int) -> Status {
    if mode != 0 {
        stop(&format!("cublasSetMathMode: mode {mode} is not supported; add it in src/cublas.rs"));
    }
    0
}

/// `C = alpha A B + beta C`.
///
/// # Safety
///
/// `alpha` and `beta` must point to numbers of the host.
#[unsafe(no_mangle)]
#[rustfmt::skip]
pub unsafe extern "C" fn cublasSgemm_v2(
    _library: Handle, a_transposed: c_int, b_transposed: c_int, m: c_int, n: c_int, k: c_int,
    alpha: *const f32, a: Address, a_leading: c_int, b: Address, b_leading: c_int,
    beta: *const f32, c: Address, c_leading: c_int,
) -> Status {
    let matrices = [(a, a_leading, 0), (b, b_leading, 0), (c, c_leading, 0)];
    // SAFETY: the caller's promise.
    unsafe { multiply([a_transposed, b_transposed], [m, n, k], [alpha, beta], matrices, 1) }
}

/// `C = alpha A B + beta C` for each of a batch.
///
/// # Safety
///
/// `alpha` and `beta` must point to numbers of the host.
#[unsafe(no_mangle)]
#[rustfmt::skip]
pub unsafe extern "C" fn cublasSgemmStridedBatched(
    _library: Handle, a_transposed: c_int, b_transposed: c_int, m: c_int, n: c_int, k: c_int,
    alpha: *const f32, a: Address, a_leading: c_int, a_stride: i64, b: Address, b_leading: c_int, b_stride: i64,
    beta: *const f32, c: Address, c_leading: c_int, c_stride: i64, batch: c_int,
) -> Status {
    let matrices = [(a, a_leading, a_stride), (b, b_leading, b_stride), (c, c_leading, c_stride)];
    // SAFETY: the caller's promise.
    unsafe { multiply([a_transposed, b_transposed], [m, n, k], [alpha, beta], matrices, batch) }
}
