//! The functions as queries see them: literals in, terms out.
