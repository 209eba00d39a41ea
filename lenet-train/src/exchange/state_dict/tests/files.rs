//! What is no safetensors file, and what is no file that can be read.

use super::*;

#[test]
fn what_is_no_safetensors_file_is_refused_with_what_it_is() {
    let good = encode(&weights(10));
    let mut longer = good.clone();
    longer.push(0);
    let mut endless = good.clone();
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    // Offsets that wrap around when they are added to the header's length.
    let tensor = |index: u64| {
        let (length, start) = ((1_u64 << 61) - 1, ((1 << 61) - 1) * index);
        format!(
            r#""{index}":{{"dtype":"U8","shape":[{length}],"data_offsets":[{start},{}]}}"#,
            start + length
        )
    };
    let wrapping = format!("{{{}}}", (0..8).map(tensor).collect::<Vec<_>>().join(","));
    let cases: [(&[u8], &str); 10] = [
        (&good[..good.len() - 1], "177703 bytes of tensors where the header says 177704"),
        (&longer, "177705 bytes of tensors where the header says 177704"),
        (&good[..500], " in a file that has 492 after its length"),
        (&good[..7], "7 bytes in all"),
        (&[], "0 bytes in all"),
        (&endless, "a header of 18446744073709551615 bytes, where 1048576 are the most"),
        (b"PK\x03\x04\x00\x00\x08\x08\x00\x00", "a file of torch.save"),
        (b"\x80\x04\x95\x0d\x00\x00\x00\x00\x00", "a file of torch.save"),
        (&raw("{not JSON", 0), "a header that is not valid"),
        (&raw(&wrapping, 0), "0 bytes of tensors where the header says 18446744073709551608"),
    ];
    for (bytes, expected) in cases {
        let message = decode(bytes).unwrap_err().to_string();
        assert!(message.starts_with("expected a safetensors file, found "), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(message.ends_with("safetensors.torch.save_file(model.state_dict(), path)"), "{message}");
    }
}

#[test]
fn a_header_whose_length_begins_as_a_pickle_is_a_header() {
    let good = encode(&weights(10));
    let end = 8 + usize::from(u16::from_le_bytes([good[0], good[1]]));
    for length in [896_u64, 1_152] {
        let mut padded = length.to_le_bytes().to_vec();
        padded.extend(&good[8..end]);
        padded.resize(8 + length as usize, b' ');
        padded.extend(&good[end..]);
        assert!(matches!(padded[..], [0x80, 3 | 4, ..]));
        assert_eq!(decode(&padded).unwrap(), weights(10));
    }
}

#[test]
fn offsets_that_overlap_or_leave_a_gap_are_refused() {
    for offsets in ["[4,8]", "[0,8]", "[8,4]", "[0,3]"] {
        let header = format!(r#"{{"conv1.bias":{{"dtype":"F32","shape":[1],"data_offsets":{offsets}}}}}"#);
        let message = decode(&raw(&header, 8)).unwrap_err().to_string();
        assert!(message.contains("a header that is not valid"), "{message}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("lenet.safetensors");
    let message = |error: ExchangeError| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        let message = format!("{error}: {source}");
        assert!(message.starts_with(&path.display().to_string()), "{message}");
        message
    };
    assert!(message(read(&path).unwrap_err()).contains("found no file: check the path"));
    fs::write(&path, b"text").unwrap();
    assert!(message(read(&path).unwrap_err()).contains("found 4 bytes in all"));
    fs::File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
    assert!(message(read(&path).unwrap_err()).contains("expected at most 16777216 bytes, found more"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(read(&path), Err(ExchangeError::Read { .. })));
    assert!(message(write(&path, &weights(10)).unwrap_err()).contains("cannot be written"));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_refused_instead_of_waited_for() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = read(&path).unwrap_err();
    let ExchangeError::Read { source, .. } = &error else { panic!("{error}") };
    assert!(source.to_string().contains("found a named pipe"), "{source}");
}
