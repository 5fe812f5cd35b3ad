//! Ill-formed and odd shapes: each finding by code, and what is still checked.
