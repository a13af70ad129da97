//! RTP legs, G.711, DTMF, mixing, prompts and taps; one I/O engine on threads of its own.
