//! Memory of the device.

use super::library::Address;
use super::{CudaError, Gpu};
use std::marker::PhantomData;
use std::ops::Range;
use std::rc::Rc;

/// A type that the device's memory can hold, and of which every bit pattern is a value.
pub(crate) trait Plain: Copy + Default + sealed::Sealed {}

mod sealed {
    /// Only numbers, which have no padding.
    pub(crate) trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u32 {}
    impl Sealed for f32 {}
}

impl Plain for u8 {}
impl Plain for u32 {}
impl Plain for f32 {}

/// An array in the device's memory. It is freed when it is dropped.
pub(crate) struct Buffer<T> {
    gpu: Rc<Gpu>,
    address: Address,
    len: usize,
    of: PhantomData<T>,
}

/// A part of an array in the device's memory.
#[derive(Clone, Copy)]
pub(crate) struct Slice<'a, T> {
    pub(super) address: Address,
    len: usize,
    of: PhantomData<&'a T>,
}

impl<T: Plain> Buffer<T> {
    /// Allocates `len` zeros.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example out of memory.
    pub(crate) fn zeros(gpu: &Rc<Gpu>, len: usize) -> Result<Self, CudaError> {
        let mut buffer = Self { gpu: Rc::clone(gpu), address: 0, len, of: PhantomData };
        // The driver refuses to allocate 0 bytes.
        let bytes = buffer.bytes().max(1);
        gpu.bind()?;
        // SAFETY: the context is current, and the pointer is to the address that the driver writes.
        let code = unsafe { (gpu.functions.allocate)(&mut buffer.address, bytes) };
        gpu.check("cuMemAlloc", code)?;
        // SAFETY: the memory was just allocated with this size.
        let code = unsafe { (gpu.functions.fill)(buffer.address, 0, bytes, gpu.stream) };
        gpu.check("cuMemsetD8Async", code)?;
        Ok(buffer)
    }

    /// Allocates a copy of `values`.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example out of memory.
    pub(crate) fn of(gpu: &Rc<Gpu>, values: &[T]) -> Result<Self, CudaError> {
        let mut buffer = Self::zeros(gpu, values.len())?;
        buffer.upload(values)?;
        Ok(buffer)
    }

    /// Replaces the first values.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    ///
    /// # Panics
    ///
    /// Panics if there are more `values` than the buffer holds.
    pub(crate) fn upload(&mut self, values: &[T]) -> Result<(), CudaError> {
        assert!(values.len() <= self.len, "{} values for a buffer of {}", values.len(), self.len);
        self.gpu.bind()?;
        // SAFETY: both sides hold this number of bytes. The driver copies from pageable memory before it returns, or waits
        // until it has.
        let code = unsafe {
            let bytes = size_of_val(values);
            (self.gpu.functions.upload)(self.address, values.as_ptr().cast(), bytes, self.gpu.stream)
        };
        self.gpu.check("cuMemcpyHtoDAsync", code)
    }

    /// Reads values, after the work that is queued.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, which may be that of earlier work.
    ///
    /// # Panics
    ///
    /// Panics if the array does not have that part.
    pub(crate) fn download(&self, range: Range<usize>) -> Result<Vec<T>, CudaError> {
        let part = self.part(range);
        let mut values = vec![T::default(); part.len];
        self.gpu.bind()?;
        // SAFETY: both sides hold this number of bytes, any of which are values of a `Plain` type. The values are not used
        // before the copy has ended: the stream is synchronized, and on an error they are not used at all.
        let code = unsafe {
            let (to, bytes) = (values.as_mut_ptr().cast(), size_of_val(&values[..]));
            (self.gpu.functions.download)(to, part.address, bytes, self.gpu.stream)
        };
        let copied = self.gpu.check("cuMemcpyDtoHAsync", code);
        self.gpu.synchronize()?;
        copied.map(|()| values)
    }

    fn bytes(&self) -> usize {
        self.len * size_of::<T>()
    }

    /// Returns the whole array.
    pub(crate) fn all(&self) -> Slice<'_, T> {
        Slice { address: self.address, len: self.len, of: PhantomData }
    }

    /// Returns a part of the array.
    ///
    /// # Panics
    ///
    /// Panics if the array does not have that part.
    pub(crate) fn part(&self, range: Range<usize>) -> Slice<'_, T> {
        self.all().part(range)
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.address != 0 && self.gpu.bind().is_ok() {
            // SAFETY: the memory was allocated by this buffer, and is freed once. The driver waits for the work that uses
            // it. Nothing can be done about an error here.
            unsafe { (self.gpu.functions.free)(self.address) };
        }
    }
}

impl<'a, T> Slice<'a, T> {
    /// Returns the number of values.
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// Returns a part of the array.
    ///
    /// # Panics
    ///
    /// Panics if the array does not have that part.
    pub(crate) fn part(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.len, "{range:?} of {} values", self.len);
        let address = self.address + (range.start * size_of::<T>()) as Address;
        Slice { address, len: range.end - range.start, of: PhantomData }
    }
}

impl<'a> Slice<'a, u32> {
    /// Returns the words as the numbers that they are the bits of.
    pub(crate) fn as_floats(self) -> Slice<'a, f32> {
        Slice { address: self.address, len: self.len, of: PhantomData }
    }
}
