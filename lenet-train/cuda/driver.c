/* A stand-in for the CUDA driver and cuBLAS on a machine without a GPU. It allocates the GPU's memory on the host and
 * copies data, but computes nothing. It counts the calls, and writes the counts to the file named by the environment
 * variable CALLS; without CALLS it reports that there is no GPU. All functions that are not defined here, also those of
 * nvrtc, return 100, "no device". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long pointer;

static long launches, allocations, fills, waits;
static long uploads, uploaded, downloads, downloaded;

static void write_calls(void) {
    FILE *file = fopen(getenv("CALLS"), "w");
    fprintf(file, "kernels %ld\nallocations %ld\nfills %ld\n", launches, allocations, fills);
    fprintf(file, "uploads %ld\nuploaded_bytes %ld\n", uploads, uploaded);
    fprintf(file, "downloads %ld\ndownloaded_bytes %ld\nwaits %ld\n", downloads, downloaded, waits);
    fclose(file);
}

int cuGetErrorString(int error, const char **text) { *text = "stand-in driver"; return 0; }
int cuInit(unsigned flags) { return getenv("CALLS") ? atexit(write_calls) : 100; }
int cuDeviceGet(int *device, int ordinal) { return *device = 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = 1; return 0; }

/* Handles of objects that do not exist. */
static int handle(void **handle) { *handle = &launches; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return handle(context); }
int cuCtxGetCurrent(void **context) { return handle(context); }
int cuEventCreate(void **event, unsigned flags) { return handle(event); }
int cuStreamCreate(void **stream, unsigned flags) { return handle(stream); }
int cuModuleLoadData(void **module, const void *image) { return handle(module); }
int cuModuleGetFunction(void **function, void *module, const char *name) { return handle(function); }
int cublasCreate_v2(void **library) { return handle(library); }

int cuCtxSetCurrent(void) { return 0; }
int cuDevicePrimaryCtxRelease_v2(void) { return 0; }
int cuEventRecord(void) { return 0; }
int cuEventDestroy_v2(void) { return 0; }
int cuStreamWaitEvent(void) { return 0; }
int cuStreamDestroy_v2(void) { return 0; }
int cuModuleUnload(void) { return 0; }
int cublasSetStream_v2(void) { return 0; }
int cublasDestroy_v2(void) { return 0; }

int cuLaunchKernel(void) { launches++; return 0; }
int cublasSgemm_v2(void) { launches++; return 0; }
int cublasSgemmStridedBatched(void) { launches++; return 0; }
int cuStreamSynchronize(void *stream) { waits++; return 0; }

int cuMemAllocAsync(pointer *memory, size_t bytes, void *stream) {
    allocations++;
    *memory = (pointer)calloc(bytes, 1);
    return 0;
}
int cuMemFreeAsync(pointer memory, void *stream) { free((void *)memory); return 0; }
int cuMemsetD8Async(pointer memory, unsigned char value, size_t bytes, void *stream) {
    fills++;
    memset((void *)memory, value, bytes);
    return 0;
}
int cuMemcpyHtoDAsync_v2(pointer to, const void *from, size_t bytes, void *stream) {
    uploads++;
    uploaded += bytes;
    memcpy((void *)to, from, bytes);
    return 0;
}
int cuMemcpyDtoHAsync_v2(void *to, pointer from, size_t bytes, void *stream) {
    downloads++;
    downloaded += bytes;
    memcpy(to, (void *)from, bytes);
    return 0;
}
int cuMemcpyDtoDAsync_v2(pointer to, pointer from, size_t bytes, void *stream) {
    memcpy((void *)to, (void *)from, bytes);
    return 0;
}
