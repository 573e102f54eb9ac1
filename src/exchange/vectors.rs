//! What `tests/data` knows about each exchange. Known-answer requests for the tests of its signing: what a client must send
//! at one time with one pair of keys. And answers as the exchange writes them.

use serde_json::{Map, Value};

use super::Keys;
use super::http::HttpRequest;
use super::params::Params;
use super::session::Call;
use crate::market::Millis;
use crate::secret::Secret;

/// When all of them were made.
pub(crate) const AT: Millis = 1_700_000_000_000;

/// The keys that they were made with.
pub(crate) fn keys() -> Keys {
    let of = Secret::new;
    Keys { key: of("test-api-key"), secret: of("test-api-secret"), password: of("test-password"), demo: false }
}

/// A header of a request, however its name is written.
pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The answer that is filed under this name.
pub(crate) fn example(file: &str, name: &str) -> Value {
    let file: Value = serde_json::from_str(file).unwrap();
    file["vectors"].as_array().unwrap().iter().find(|vector| vector["name"] == name).unwrap()["response_used"].clone()
}

/// One request, as its file has it.
pub(crate) struct Vector(pub(crate) Value);

/// The requests of a file that carry this header.
pub(crate) fn signed(file: &str, signature: &str) -> Vec<Vector> {
    let file: Value = serde_json::from_str(file).unwrap();
    let all = file["vectors"].as_array().unwrap().iter().cloned().map(Vector);
    all.filter(|vector| vector.headers().contains_key(signature)).collect()
}

impl Vector {
    /// All that it says beside the body.
    pub(crate) fn headers(&self) -> &Map<String, Value> {
        self.0["request"]["headers"].as_object().unwrap()
    }

    /// Path and query; some are written with an empty one.
    fn target(&self) -> &str {
        let url = self.0["request"]["url"].as_str().unwrap();
        url.split_once(".com").unwrap().1.trim_end_matches('?')
    }

    /// The call that must lead to it: method, path, query and the text of the body.
    pub(crate) fn call(&self) -> Call {
        let method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|method| self.0["request"]["method"] == **method).unwrap();
        let (path, query) = self.target().split_once('?').unwrap_or((self.target(), ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.fold(Params::new(), |params, (name, value)| params.with(name.to_owned().leak(), value.replace("%2C", ",")));
        let body = self.0["request"]["body"].as_str().unwrap_or_default().to_owned();
        Call { body, ..Call::query(method, path.to_owned(), query) }
    }

    /// Our request goes to the same address, with the same values in these headers.
    pub(crate) fn assert_same<'a>(&self, ours: &HttpRequest, headers: impl IntoIterator<Item = &'a str>) {
        assert_eq!(ours.target, self.target(), "{}", self.0["name"]);
        for name in headers {
            assert_eq!(header(ours, name), self.headers().get(name).and_then(Value::as_str), "{}: {name}", self.0["name"]);
        }
    }
}
