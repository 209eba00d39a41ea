/* A stand-in for the CUDA driver on a machine without a GPU. It allocates the GPU's memory on the host and copies data, but
 * computes nothing. It counts the calls, and writes the counts to the file named by the environment variable CALLS; without
 * CALLS it reports that there is no GPU. */
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
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = 0; }
int cuDeviceGetName(char *name, int length, int device) { *name = 0; return 0; }
/* Compute capability 9.9. */
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = 9; return 0; }

/* Handles of objects that do not exist. */
static int handle(void **handle) { *handle = &launches; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return handle(context); }
int cuStreamCreate(void **stream, unsigned flags) { return handle(stream); }
int cuModuleLoadData(void **module, const void *image) { return handle(module); }
int cuModuleGetFunction(void **function, void *module, const char *name) { return handle(function); }

int cuCtxSetCurrent(void) { return 0; }
int cuDevicePrimaryCtxRelease_v2(void) { return 0; }
int cuStreamDestroy_v2(void) { return 0; }
int cuModuleUnload(void) { return 0; }

int cuLaunchKernel(void) { launches++; return 0; }
int cuStreamSynchronize(void *stream) { waits++; return 0; }

int cuMemAlloc_v2(pointer *memory, size_t bytes) {
    allocations++;
    *memory = (pointer)calloc(bytes, 1);
    return 0;
}
int cuMemFree_v2(pointer memory) { free((void *)memory); return 0; }
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
