/* The kernels of training on CUDA, compiled to one PTX module for compute capability 7.5, which every newer card loads too.
 *
 * The build script gives the sizes of `lenet_core::shape` as macros of the same names, so that they are written in one
 * place. Rules that hold for every kernel:
 *
 * - Deterministic: each sum is added in one fixed order, and no kernel uses atomics. So a run on one card repeats bit by bit.
 * - No assumption on the size of a warp: threads exchange numbers through shared memory and barriers alone.
 * - Each kernel's contract names the arrays it reads and writes. All of them are row by row, image after image.
 * - Products and sums may be fused (nvcc's default), but for `augment`, which must round as the CPU does.
 */
#include "requantize.cuh"

#include "augment.cu"
#include "convolve.cu"
#include "convolve_backward.cu"
#include "dense.cu"
#include "dense_backward.cu"
#include "loss.cu"
#include "optimizer.cu"
#include "quantize.cu"
