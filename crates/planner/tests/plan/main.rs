//! Configuration text and world text in, plan and graph out.

mod cases;
mod properties;
mod world;
