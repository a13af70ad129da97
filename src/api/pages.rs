//! The web pages, embedded. What the build named after its content is kept by browsers for ever; the page itself is asked
//! for again each time and costs a 304. A path that a page knows is answered with the page, which finds its own way from
//! there; everything else is 404, so that a missing asset is never taken for one.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// One file of the pages' build, and its packed forms.
struct File {
    path: &'static str,
    /// A hash of its content.
    tag: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// What `build.rs` found.
static BUILT: &[File] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What stands in for pages that are not built.
static NOT_BUILT: File = File {
    path: "/index.html",
    tag: "not-built",
    plain: include_bytes!("pages.html"),
    brotli: None,
    gzip: None,
};

/// First segments of the pages' addresses, as a JSON list; the pages' own tests hold it against their router.
const ADDRESSES: &str = include_str!("../../web/src/app/pages.json");

/// Names below this hold a hash of the content.
const HASHED: &str = "/assets/";

const SECURITY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

/// Anything no route knows: a page, a file of a page, or nothing.
pub(crate) async fn serve(request: Request) -> Response {
    find(BUILT, request.method(), request.uri().path()).map_or_else(
        || Problem::not_found().into_response(),
        |file| file.answer(request.method(), request.headers()),
    )
}

fn find<'a>(built: &'a [File], method: &Method, path: &str) -> Option<&'a File> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = if is_page(path) { "/index.html" } else { path };
    let file = built.iter().find(|file| file.path == path);
    file.or((path == NOT_BUILT.path).then_some(&NOT_BUILT))
}

fn is_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    path == "/"
        || serde_json::from_str::<Vec<&str>>(ADDRESSES)
            .expect("a list of names, checked by a test")
            .iter()
            .any(|name| Some(*name) == first)
}

impl File {
    fn answer(&self, method: &Method, headers: &HeaderMap) -> Response {
        let (encoding, bytes) = self.best_for(headers);
        // One tag for each form (RFC 9110 §8.8.3.3).
        let tag = format!("\"{}{}\"", self.tag, encoding.unwrap_or_default());
        let fresh = headers
            .get(header::IF_NONE_MATCH)
            .and_then(|known| known.to_str().ok())
            .is_some_and(|known| {
                known
                    .split(',')
                    .any(|known| known.trim().trim_start_matches("W/") == tag)
            });
        let mut response = match (fresh, method == Method::HEAD) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, true) => StatusCode::OK.into_response(),
            (false, false) => bytes.into_response(),
        };
        let answer = response.headers_mut();
        let keep = if self.path.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let mut set = |name: HeaderName, value: &str| {
            let value = HeaderValue::from_str(value).expect("our own words are visible ASCII");
            answer.insert(name, value);
        };
        set(header::CACHE_CONTROL, keep);
        set(header::ETAG, &tag);
        set(header::VARY, "accept-encoding");
        set(header::CONTENT_TYPE, self.media_type());
        set(header::CONTENT_LENGTH, &bytes.len().to_string());
        if fresh {
            answer.remove(header::CONTENT_LENGTH);
        }
        if let Some(encoding) = encoding.filter(|_| !fresh) {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        answer.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(SECURITY),
        );
        answer.insert(
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static(
                "microphone=(self), camera=(), geolocation=(), display-capture=()",
            ),
        );
        response
    }

    fn best_for(&self, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        let accepted = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|accepted| accepted.to_str().ok())
            .unwrap_or_default();
        let takes = |name: &str| {
            accepted.split(',').any(|part| {
                let (coding, weight) = part.split_once(';').unwrap_or((part, ""));
                let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
                coding.trim().eq_ignore_ascii_case(name) && !refused
            })
        };
        match (self.brotli, self.gzip) {
            (Some(brotli), _) if takes("br") => (Some("br"), brotli),
            (_, Some(gzip)) if takes("gzip") => (Some("gzip"), gzip),
            _ => (None, self.plain),
        }
    }

    fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, end)| end) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" => "application/json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "woff2" => "font/woff2",
            "wav" => "audio/wav",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAGES: &[File] = &[
        File {
            path: "/index.html",
            tag: "a",
            plain: b"<!doctype html>",
            brotli: Some(b"br"),
            gzip: Some(b"gz"),
        },
        File {
            path: "/assets/x-1.js",
            tag: "b",
            plain: b"1",
            brotli: None,
            gzip: None,
        },
    ];

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_page_is_found_where_the_pages_say_and_nowhere_else() {
        let table = [
            ("/", Some("/index.html")),
            ("/desk", Some("/index.html")),
            ("/tickets/0199-some-id", Some("/index.html")),
            ("/index.html", Some("/index.html")),
            ("/assets/x-1.js", Some("/assets/x-1.js")),
            ("/assets/x-2.js", None),
            ("/assets/", None),
            ("/assets/../index.html", None),
            ("/api/v1/nothing", None),
            ("/desks", None),
            ("/nothing", None),
        ];
        for (path, expected) in table {
            let found = find(PAGES, &Method::GET, path).map(|file| file.path);
            assert_eq!(found, expected, "{path}");
        }
        assert!(find(PAGES, &Method::POST, "/desk").is_none());
    }

    #[test]
    fn a_server_without_pages_says_so() {
        let page = find(&[], &Method::GET, "/desk").unwrap();
        assert_eq!(page.tag, NOT_BUILT.tag);
        assert!(find(&[], &Method::GET, "/assets/x-1.js").is_none());
    }

    #[test]
    fn the_smallest_form_that_the_browser_takes_is_sent() {
        let table: [(&str, Option<&str>); 5] = [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0, gzip", Some("gzip")),
            ("gzip;q=0.5", Some("gzip")),
            ("identity", None),
            ("", None),
        ];
        for (accepted, expected) in table {
            let headers = headers(&[(header::ACCEPT_ENCODING, accepted)]);
            assert_eq!(PAGES[0].best_for(&headers).0, expected, "{accepted}");
        }
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let known = [
            (header::ACCEPT_ENCODING, "br"),
            (header::IF_NONE_MATCH, "\"x\", W/\"abr\""),
        ];
        let answer = PAGES[0].answer(&Method::GET, &headers(&known));
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer.headers()[header::ETAG], "\"abr\"");
        // The plain form has another tag.
        let answer = PAGES[0].answer(&Method::GET, &headers(&known[1..]));
        assert_eq!(answer.status(), StatusCode::OK);
    }

    #[test]
    fn only_what_is_named_after_its_content_is_kept_for_ever() {
        let kept = |file: &File| {
            let answer = file.answer(&Method::GET, &HeaderMap::new());
            answer.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(kept(&PAGES[0]), "no-cache");
        assert!(kept(&PAGES[1]).contains("immutable"));
    }
}
