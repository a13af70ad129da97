//! Composition root: the only file that knows every part; start-up and drain order.
