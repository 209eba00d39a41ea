//! Keeps of an archive what the functions of `lenet.h` need, and nothing else.
//!
//! An archive that `rustc` makes has the compiler's run-time library in it, most of which nobody calls, with bitcode
//! beside the code: a megabyte. It also defines `memcpy`, `__aeabi_uidiv` and others, which would take the place of
//! those of the C library in the rest of the program. Here every section that a function of `lenet.h` reaches is kept, as
//! a linker does with `--gc-sections`, and every global symbol but these functions is renamed.

use anyhow::{Context, Result, bail, ensure};
use object::build::Id;
use object::build::elf::{Builder, Relocation, Section, SectionData, SectionId, Symbol};
use object::elf;
use object::read::archive::ArchiveFile;
use std::collections::{BTreeMap, BTreeSet};

/// The functions of `lenet.h`.
pub(crate) const FUNCTIONS: [&str; 5] =
    ["lenet_classify", "lenet_decode", "lenet_find", "lenet_message", "lenet_prepare"];

/// What stands before the name of every other global symbol.
const PREFIX: &[u8] = b"lenet_internal_";

/// An object file: its sections, symbols and relocations.
type Object<'data> = Builder<'data>;

/// The object files of an archive.
pub(crate) struct Objects<'data> {
    objects: Vec<Object<'data>>,
    /// The object and the section that define a global symbol.
    definitions: BTreeMap<Vec<u8>, Place>,
    /// The files that are not object files as Rust's compiler makes them, and why. They matter only if they are needed.
    unread: Vec<String>,
}

/// A section: the number of its object, and the number of the section in it.
type Place = (usize, usize);

/// An object file of the pruned archive, and the global symbols that it defines.
#[derive(Debug)]
pub(crate) struct Pruned {
    pub(crate) bytes: Vec<u8>,
    pub(crate) symbols: Vec<Vec<u8>>,
}

impl<'data> Objects<'data> {
    /// Reads the object files of an archive.
    pub(crate) fn read(archive: &'data [u8]) -> Result<Self> {
        let file = ArchiveFile::parse(archive).context("not an archive")?;
        let (mut objects, mut unread) = (Vec::new(), Vec::new());
        for member in file.members() {
            let member = member?;
            match read_object(member.data(archive)?) {
                Ok(object) => objects.push(object),
                Err(error) => unread.push(format!("{}: {error}", String::from_utf8_lossy(member.name()))),
            }
        }
        let mut definitions = BTreeMap::new();
        for (number, object) in objects.iter().enumerate() {
            for symbol in object.symbols.iter().filter(|symbol| is_global(symbol)) {
                if let Some(section) = symbol.section {
                    definitions.entry(symbol.name.to_vec()).or_insert((number, section.index()));
                }
            }
        }
        Ok(Self { objects, definitions, unread })
    }

    /// Returns the sections that `functions` reach through relocations.
    ///
    /// # Errors
    ///
    /// If one of the functions, or a symbol that is needed, is not defined. So it is if a panic is reachable, because the
    /// handler of panics calls a function that is not defined.
    pub(crate) fn reach(&self, functions: &[&str]) -> Result<BTreeSet<Place>> {
        let mut reached = BTreeSet::new();
        let mut open = Vec::new();
        for function in functions {
            open.push(self.definition(function.as_bytes())?);
        }
        while let Some(place) = open.pop() {
            if !reached.insert(place) {
                continue;
            }
            let object = &self.objects[place.0];
            for symbol in relocations(object, place.1).filter_map(|relocation| relocation.symbol) {
                let symbol = object.symbols.get(symbol);
                open.push(match symbol.section {
                    Some(section) => (place.0, section.index()),
                    None => self.definition(&symbol.name)?,
                });
            }
        }
        Ok(reached)
    }

    fn definition(&self, name: &[u8]) -> Result<Place> {
        let found = self.definitions.get(name).copied();
        found.with_context(|| {
            let name = String::from_utf8_lossy(name);
            let unread: String = self.unread.iter().map(|file| format!("; not read: {file}")).collect();
            format!("{name} is needed and not defined{unread}")
        })
    }

    /// Returns the bytes of code and constants in the sections that `functions` reach.
    ///
    /// # Errors
    ///
    /// Those of [`reach`](Self::reach), and if there is anything else, such as a variable.
    pub(crate) fn size(&self, functions: &[&str]) -> Result<usize> {
        let mut bytes = 0;
        for (object, section) in self.reach(functions)? {
            let sections = &self.objects[object].sections;
            let found = sections.iter().find(|found| found.id().index() == section);
            match found.map(|section| (&section.data, section.sh_flags.contains(elf::SHF_WRITE))) {
                Some((SectionData::Data(data), false)) => bytes += data.len(),
                _ => bail!("the library has variables of its own, which two engines would share"),
            }
        }
        Ok(bytes)
    }

    /// Returns the object files that are left when only what the functions of `lenet.h` reach is kept.
    pub(crate) fn prune(mut self) -> Result<Vec<Pruned>> {
        let reached = self.reach(&FUNCTIONS)?;
        let mut pruned = Vec::new();
        for (number, object) in self.objects.iter_mut().enumerate() {
            let sections: BTreeSet<_> =
                reached.iter().filter(|place| place.0 == number).map(|place| place.1).collect();
            if !sections.is_empty() {
                prune_object(object, &sections);
            }
        }
        for (number, object) in self.objects.into_iter().enumerate() {
            if reached.iter().any(|place| place.0 == number) {
                let symbols =
                    object.symbols.iter().filter(|symbol| is_global(symbol) && symbol.section.is_some());
                let symbols: Vec<_> = symbols.map(|symbol| symbol.name.to_vec()).collect();
                let mut bytes = Vec::new();
                object.write(&mut bytes)?;
                pruned.push(Pruned { bytes, symbols });
            }
        }
        ensure!(!pruned.is_empty(), "nothing is left of the archive");
        Ok(pruned)
    }
}

fn read_object(bytes: &[u8]) -> Result<Object<'_>> {
    let mut object = Builder::read32(bytes)?;
    let is_lost = |section: &Section<'_>| {
        matches!(section.data, SectionData::Relocation(_)) && section.sh_info_section.is_none()
    };
    ensure!(!object.sections.iter().any(is_lost), "relocations do not name their section");
    add_section_names(&mut object);
    Ok(object)
}

/// Adds the table of section names that is written, where the compiler made one table for those and for symbols.
fn add_section_names(object: &mut Object<'_>) {
    if !object.sections.iter().any(|section| matches!(section.data, SectionData::SectionString)) {
        let section = object.sections.add();
        section.name = ".shstrtab".into();
        section.sh_type = elf::SHT_STRTAB;
        section.sh_addralign = 1;
        section.data = SectionData::SectionString;
    }
}

fn is_global(symbol: &Symbol<'_>) -> bool {
    symbol.st_bind() != elf::STB_LOCAL
}

/// Returns the relocations of a section.
fn relocations<'a>(object: &'a Object<'_>, section: usize) -> impl Iterator<Item = &'a Relocation> {
    let of_section = move |id: Option<SectionId>| id.is_some_and(|id| id.index() == section);
    object.sections.iter().filter(move |found| of_section(found.sh_info_section)).flat_map(|found| {
        match &found.data {
            SectionData::Relocation(relocations) => relocations.as_slice(),
            _ => &[],
        }
    })
}

/// Keeps these sections, their relocations and the tables of an object file; drops debug information, bitcode and unwind
/// tables with the rest. Renames its global symbols.
fn prune_object(object: &mut Object<'_>, sections: &BTreeSet<usize>) {
    let used: BTreeSet<_> = sections
        .iter()
        .flat_map(|section| relocations(object, *section).filter_map(|relocation| relocation.symbol))
        .map(|symbol| symbol.index())
        .collect();
    for section in &mut object.sections {
        let keep = match (&section.data, section.sh_info_section) {
            (SectionData::Relocation(_), Some(of)) => sections.contains(&of.index()),
            (SectionData::Data(_), _) => sections.contains(&section.id().index()),
            (SectionData::UninitializedData(_) | SectionData::Note(_), _) => false,
            _ => true,
        };
        section.delete = !keep;
    }
    for symbol in &mut object.symbols {
        symbol.delete |= symbol.section.is_none() && !used.contains(&symbol.id().index());
        if is_global(symbol) && !FUNCTIONS.iter().any(|function| *symbol.name == *function.as_bytes()) {
            symbol.name = [PREFIX, &symbol.name].concat().into();
        }
    }
    object.delete_orphans();
}

#[cfg(test)]
mod tests;
