//! Who may ask: pages of this server in browsers on this machine, and programs that name it as it is.
//!
//! A page of another site can make a browser send requests here, and with a name of its own that it
//! points to 127.0.0.1 (DNS rebinding) could read the answers too. Such a request names the other site,
//! in `Host` or in `Origin`: it is refused before anything else is looked at.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::message::Message;

/// The page has a script and a style sheet of its own server, pictures in the text of its charts, and
/// nothing else; no other page may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The usual port of HTTP.
const HTTP: u16 = 80;

/// The names under which this server is reached.
#[derive(Debug)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// Those of a port of this machine.
    pub(super) fn new(port: u16) -> Arc<Self> {
        let hosts = ["127.0.0.1", "localhost", "[::1]"];
        let mut names = hosts.map(|host| format!("{host}:{port}")).to_vec();
        if port == HTTP {
            // Browsers leave the usual port out.
            names.extend(hosts.map(str::to_owned));
        }
        Arc::new(Self(names))
    }

    fn known(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Why a request is refused, if it is.
    fn refusal(&self, headers: &HeaderMap, authority: Option<&str>) -> Option<Message> {
        let here = &self.0[0];
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        let host = host.filter(|host| self.known(host) && hosts.next().is_none());
        let Some(host) = host.filter(|_| authority.is_none_or(|name| self.known(name))) else {
            return Some(Message::new(
                StatusCode::MISDIRECTED_REQUEST,
                format!("this server answers to its own names alone; open http://{here}/"),
            ));
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        let foreign = origins.any(|origin| {
            let name = origin
                .to_str()
                .ok()
                .and_then(|text| text.strip_prefix("http://"));
            name.is_none_or(|name| !name.eq_ignore_ascii_case(host))
        });
        foreign.then(|| {
            Message::new(
                StatusCode::FORBIDDEN,
                "this server answers its own page alone, not pages of other sites",
            )
        })
    }
}

/// Lets through what may ask, and says in every answer what its reader may do with it.
pub(super) async fn guard(
    State(names): State<Arc<Names>>,
    request: Request,
    next: Next,
) -> Response {
    let authority = request.uri().authority().map(ToString::to_string);
    let refusal = names.refusal(request.headers(), authority.as_deref());
    let mut response = match refusal {
        Some(message) => message.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(headers: &[(HeaderName, &str)], authority: Option<&str>) -> Option<StatusCode> {
        let names = Names::new(8080);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_str(value).expect("a header"));
        }
        let message = names.refusal(&map, authority)?;
        Some(message.into_response().status())
    }

    #[test]
    fn only_names_of_this_server_are_answered() {
        for name in [
            "127.0.0.1:8080",
            "localhost:8080",
            "LOCALHOST:8080",
            "[::1]:8080",
        ] {
            assert_eq!(refused(&[(HOST, name)], None), None, "{name}");
            assert_eq!(refused(&[(HOST, name)], Some(name)), None, "{name}");
        }
        let misdirected = Some(StatusCode::MISDIRECTED_REQUEST);
        for name in [
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost:8081",
            "127.0.0.1.evil.example:8080",
            "0.0.0.0:8080",
            "",
        ] {
            assert_eq!(refused(&[(HOST, name)], None), misdirected, "{name}");
        }
        assert_eq!(refused(&[], None), misdirected);
        let twice = [(HOST, "localhost:8080"), (HOST, "evil.example")];
        assert_eq!(refused(&twice, None), misdirected);
        let absolute = Some("evil.example:8080");
        assert_eq!(refused(&[(HOST, "localhost:8080")], absolute), misdirected);
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = (HOST, "localhost:8080");
        let from = |origin: &'static str| refused(&[host.clone(), (ORIGIN, origin)], None);
        assert_eq!(from("http://localhost:8080"), None);
        for origin in [
            "http://evil.example",
            "https://localhost:8080",
            "http://localhost:8081",
            // Another name of the same server is another origin.
            "http://127.0.0.1:8080",
            "null",
            "",
        ] {
            assert_eq!(from(origin), Some(StatusCode::FORBIDDEN), "{origin}");
        }
    }
}
