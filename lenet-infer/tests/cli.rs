//! The `lenet-infer` command, as a user meets it.
