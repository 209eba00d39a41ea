//! The model file format, seen from outside.
//!
//! - `pinned`: its bytes, and that decoding gives back what was encoded.
//! - `refused`: each thing that can be wrong with a file has its own error.
//! - `damaged`: random damage is noticed, or leaves a model that is as good as any other.
//! - `included`: the compiler decodes a file, or says why not.
//! - `extreme`: the largest values that the format allows overflow nothing.
//!
//! `counted` is the model that they share, `edit` changes the bytes of a file.

mod counted;
mod damaged;
mod edit;
mod extreme;
mod included;
mod pinned;
mod refused;
