//! What a recording is: tracks, stereo WAV, crash recovery, manifest and hash chain, peaks.
