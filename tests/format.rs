//! The model file format, seen from outside.

#[test]
fn the_network_has_the_parameters_of_the_tutorial() {
    assert_eq!(lenet_core::shape::PARAMETERS, 44_426);
}
