//! Writes an archive of object files, as `ar` does: a table of symbols, then the files.

use crate::prune::Pruned;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER_BYTES: usize = 60;

/// Returns the archive. Equal objects give equal bytes: no time, user or path is in it.
pub(crate) fn archive(objects: &[Pruned]) -> Vec<u8> {
    let names = || objects.iter().flat_map(|object| &object.symbols);
    let count = names().count();
    let table_bytes = 4 + 4 * count + names().map(|name| name.len() + 1).sum::<usize>();

    // Where the header of each object will be.
    let mut at = MAGIC.len() + HEADER_BYTES + even(table_bytes);
    let mut table = Vec::with_capacity(table_bytes);
    table.extend(word(count));
    for object in objects {
        table.extend(object.symbols.iter().flat_map(|_| word(at)));
        at += HEADER_BYTES + even(object.bytes.len());
    }
    for name in names() {
        table.extend_from_slice(name);
        table.push(0);
    }

    let mut archive = MAGIC.to_vec();
    push(&mut archive, "/", &table);
    for (number, object) in objects.iter().enumerate() {
        push(&mut archive, &format!("lenet{number}.o/"), &object.bytes);
    }
    archive
}

/// A number in the table of symbols. It is big-endian on every machine.
fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).expect("an archive of some megabytes").to_be_bytes()
}

fn even(length: usize) -> usize {
    length.next_multiple_of(2)
}

fn push(archive: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let (time, user, group, mode, length) = (0, 0, 0, "644", bytes.len());
    archive.extend(format!("{name:<16}{time:<12}{user:<6}{group:<6}{mode:<8}{length:<10}`\n").bytes());
    archive.extend_from_slice(bytes);
    if length % 2 == 1 {
        archive.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::archive::ArchiveFile;

    #[test]
    fn an_archive_is_read_again_with_its_symbols() {
        let object =
            |bytes: &[u8], symbol: &str| Pruned { bytes: bytes.into(), symbols: vec![symbol.into()] };
        let bytes = archive(&[object(b"odd", "one"), object(b"even", "two")]);
        let file = ArchiveFile::parse(&*bytes).unwrap();
        let members: Vec<_> = file.members().map(|member| member.unwrap().data(&*bytes).unwrap()).collect();
        assert_eq!(members, [&b"odd"[..], b"even"]);
        let mut found = Vec::new();
        for symbol in file.symbols().unwrap().unwrap() {
            let symbol = symbol.unwrap();
            let member = file.member(symbol.offset()).unwrap();
            found.push((symbol.name().to_vec(), member.data(&*bytes).unwrap()));
        }
        assert_eq!(found, [(b"one".to_vec(), &b"odd"[..]), (b"two".to_vec(), &b"even"[..])]);
    }
}
