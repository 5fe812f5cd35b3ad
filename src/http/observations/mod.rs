//! `/obs/v1`: what sensors tell, in and out, as plainly as it goes: batches in, series and windows out, files, and a line to
//! listen on. Reads requests and words answers; what may be stored is judged in `observations`.

mod refused;
