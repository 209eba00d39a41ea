//! What is kept of archives that are made here.

use super::*;
use crate::archive::archive;
use object::Endianness;

/// Returns an object file with a section for each function, which calls the functions named after it.
fn object(functions: &[(&'static str, &[&'static str])]) -> Pruned {
    let mut object = Builder::new(Endianness::Little, false);
    object.header.e_type = elf::ET_REL;
    object.header.e_machine = elf::EM_ARM;
    add_section_names(&mut object);
    let symbol_table = object.sections.add();
    (symbol_table.name, symbol_table.sh_type) = (".symtab".into(), elf::SHT_SYMTAB);
    (symbol_table.sh_addralign, symbol_table.data) = (4, SectionData::Symbol);
    let symbol_table = symbol_table.id();
    let strings = object.sections.add();
    (strings.name, strings.sh_type) = (".strtab".into(), elf::SHT_STRTAB);
    (strings.sh_addralign, strings.data) = (1, SectionData::String);
    let strings = strings.id();
    object.sections.get_mut(symbol_table).sh_link_section = Some(strings);
    for (name, calls) in functions {
        let code = object.sections.add();
        code.name = [b".text.", name.as_bytes()].concat().into();
        (code.sh_type, code.sh_addralign) = (elf::SHT_PROGBITS, 4);
        code.data = SectionData::Data(vec![0; 8].into());
        let code = code.id();
        add_symbol(&mut object, name).section = Some(code);
        let calls = calls.iter().map(|call| Relocation {
            r_offset: 0,
            symbol: Some(add_symbol(&mut object, call).id()),
            r_type: elf::R_ARM_THM_PC22,
            r_addend: 0,
        });
        let calls = calls.collect();
        let relocations = object.sections.add();
        (relocations.name, relocations.sh_type) = (".rel".into(), elf::SHT_REL);
        relocations.sh_flags = elf::SHF_INFO_LINK;
        (relocations.sh_addralign, relocations.data) = (4, SectionData::Relocation(calls));
        (relocations.sh_link_section, relocations.sh_info_section) = (Some(symbol_table), Some(code));
    }
    let symbols = functions.iter().map(|(name, _)| name.as_bytes().to_vec()).collect();
    let mut bytes = Vec::new();
    object.write(&mut bytes).unwrap();
    Pruned { bytes, symbols }
}

fn add_symbol<'a, 'data>(object: &'a mut Object<'data>, name: &'static str) -> &'a mut Symbol<'data> {
    let symbol = object.symbols.add();
    symbol.name = name.into();
    symbol.set_st_info(elf::STB_GLOBAL, elf::STT_FUNC);
    symbol
}

/// The functions of `lenet.h`, the first of which calls another.
fn library(call: &'static str) -> Pruned {
    let calls = [call];
    let calls = FUNCTIONS.map(|name| (name, if name == FUNCTIONS[0] { &calls[..] } else { &[] }));
    object(&calls)
}

#[test]
fn what_no_function_reaches_is_dropped_and_other_symbols_are_renamed() {
    let runtime = object(&[("unused", &["memset"]), ("memcpy", &["far"]), ("memset", &[])]);
    let bytes = archive(&[library("memcpy"), runtime, object(&[("far", &[])]), object(&[("near", &[])])]);
    let objects = Objects::read(&bytes).unwrap();
    assert_eq!(objects.size(&FUNCTIONS).unwrap(), 8 * (FUNCTIONS.len() + 2));
    assert_eq!(objects.size(&FUNCTIONS[1..2]).unwrap(), 8);
    let pruned = objects.prune().unwrap();
    let symbols: Vec<_> = pruned.iter().map(|object| object.symbols.clone()).collect();
    let names = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
    assert_eq!(
        symbols,
        [names(&FUNCTIONS), names(&["lenet_internal_memcpy"]), names(&["lenet_internal_far"])]
    );
    // What is left needs nothing else.
    let again = archive(&pruned);
    Objects::read(&again).unwrap().reach(&FUNCTIONS).unwrap();
}

#[test]
fn a_file_that_cannot_be_read_is_named_if_it_is_needed() {
    let strange = || Pruned { bytes: b"no ELF".into(), symbols: vec![] };
    let bytes = archive(&[library("lenet_find"), strange()]);
    Objects::read(&bytes).unwrap().prune().unwrap();
    let bytes = archive(&[library("memcpy"), strange()]);
    let error = Objects::read(&bytes).unwrap().prune().unwrap_err().to_string();
    assert!(error.starts_with("memcpy is needed and not defined; not read: lenet1.o: "), "{error}");
}

#[test]
fn a_symbol_that_is_needed_and_not_defined_is_an_error() {
    let bytes = archive(&[library("a_panic_is_reachable")]);
    let error = Objects::read(&bytes).unwrap().prune().unwrap_err().to_string();
    assert_eq!(error, "a_panic_is_reachable is needed and not defined");
}
