//! One INVITE of 1,140 bytes through three codecs: ours, rsip and sipx-sip. "typed" is parsing plus the headers every call needs:
//! Via, From, To, Contact, CSeq, Call-ID and Max-Forwards.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use hotline_sip::message::Message;

const INVITE: &[u8] = include_bytes!("invite.sip");

fn ours_typed(message: &Message) {
    let headers = message.headers();
    black_box(headers.via().expect("Via"));
    black_box(headers.from().expect("From"));
    black_box(headers.to().expect("To"));
    black_box(headers.contact().expect("Contact"));
    black_box(headers.cseq().expect("CSeq"));
    black_box(headers.call_id().expect("Call-ID"));
    black_box(headers.max_forwards().expect("Max-Forwards"));
}

fn rsip_typed(message: &rsip::SipMessage) {
    use rsip::headers::ToTypedHeader;
    use rsip::message::HeadersExt;
    black_box(message.via_header().and_then(|h| h.typed()).expect("Via"));
    black_box(message.from_header().and_then(|h| h.typed()).expect("From"));
    black_box(message.to_header().and_then(|h| h.typed()).expect("To"));
    black_box(
        message
            .contact_header()
            .and_then(|h| h.typed())
            .expect("Contact"),
    );
    black_box(message.cseq_header().and_then(|h| h.typed()).expect("CSeq"));
    black_box(message.call_id_header().expect("Call-ID"));
    black_box(
        message
            .max_forwards_header()
            .and_then(|h| h.num())
            .expect("Max-Forwards"),
    );
}

fn sipx_typed(message: &sipx_sip::message::Message) {
    use sipx_sip::headers::{CSeq, CallId, Contact, From, MaxForwards, To, Via};
    let headers = message.headers();
    black_box(headers.typed::<Via>().expect("Via").expect("Via"));
    black_box(headers.typed::<From>().expect("From").expect("From"));
    black_box(headers.typed::<To>().expect("To").expect("To"));
    black_box(
        headers
            .typed::<Contact>()
            .expect("Contact")
            .expect("Contact"),
    );
    black_box(headers.typed::<CSeq>().expect("CSeq").expect("CSeq"));
    black_box(
        headers
            .typed::<CallId>()
            .expect("Call-ID")
            .expect("Call-ID"),
    );
    black_box(
        headers
            .typed::<MaxForwards>()
            .expect("Max-Forwards")
            .expect("Max-Forwards"),
    );
}

fn parse(criterion: &mut Criterion) {
    assert_eq!(INVITE.len(), 1140);
    let ours = || Message::parse(black_box(INVITE)).expect("ours");
    let rsip = || rsip::SipMessage::try_from(black_box(INVITE)).expect("rsip");
    let limits = sipx_sip::parser::Limits::default();
    let sipx = || {
        sipx_sip::parser::parse_datagram(black_box(INVITE).to_vec().into(), &limits).expect("sipx")
    };

    let mut group = criterion.benchmark_group("parse");
    group.bench_function("ours", |b| b.iter(ours));
    group.bench_function("rsip", |b| b.iter(rsip));
    group.bench_function("sipx", |b| b.iter(sipx));
    group.finish();

    let mut group = criterion.benchmark_group("typed");
    group.bench_function("ours", |b| b.iter(|| ours_typed(&ours())));
    group.bench_function("rsip", |b| b.iter(|| rsip_typed(&rsip())));
    group.bench_function("sipx", |b| b.iter(|| sipx_typed(&sipx())));
    group.finish();

    let mut group = criterion.benchmark_group("print");
    let message = ours();
    group.bench_function("ours", |b| b.iter(|| black_box(&message).to_bytes()));
    let message = rsip();
    group.bench_function("rsip", |b| {
        b.iter(|| Vec::<u8>::from(black_box(message.clone())))
    });
    let message = sipx();
    group.bench_function("sipx", |b| b.iter(|| black_box(&message).to_bytes()));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = parse
}
criterion_main!(benches);
