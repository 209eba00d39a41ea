//! Trains, quantises and exports LeNet.
