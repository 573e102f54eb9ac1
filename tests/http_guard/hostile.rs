//! Requests that nobody honest sends, and what they get.

use super::house::ALERT;

/// A POST of an alert with more headers.
pub(crate) fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A name, bytes, the statuses they get, and how many alerts of them reach the daemon.
pub(crate) type Row = (&'static str, Vec<u8>, &'static [u16], usize);

/// What async-h1 on its own gets wrong, and what else a guard has to stand.
pub(crate) fn hostile_heads() -> Vec<Row> {
    let length = ALERT.len();
    let head = |lines: &str| raw(&format!("POST /webhook HTTP/1.1\r\n{lines}\r\n{ALERT}"));
    let with_length = |lines: &str| head(&format!("Host: h\r\n{lines}Content-Length: {length}\r\n"));
    vec![
        ("non-ASCII header value", with_length("X-Name: café\r\n"), &[400], 0),
        ("non-ASCII header name", with_length("X-Näme: x\r\n"), &[400], 0),
        ("non-ASCII host", head(&format!("Host: é\r\nContent-Length: {length}\r\n")), &[400], 0),
        ("non-ASCII path", post("/webhook/é", "", ALERT), &[400], 0),
        ("invalid UTF-8 in a header", [b"GET / HTTP/1.1\r\nHost: h\r\nX: \xff\xfe\r\n\r\n".as_slice()].concat(), &[400], 0),
        ("NUL in a header", raw("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"), &[400], 0),
        ("TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[400], 0),
        ("HTTP/2 preface", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), &[505], 0),
        ("HTTP/3.0", raw("GET / HTTP/3.0\r\nHost: h\r\n\r\n"), &[505], 0),
        ("HTTP/0.9", raw("GET /\r\n\r\n"), &[400], 0),
        ("HTTP/1.0", raw(&format!("POST /webhook HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{ALERT}")), &[200], 1),
        ("HTTP/1.0 with keep-alive", raw("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"), &[200, 200], 0),
        ("HTTP/1.0 closes", raw("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n"), &[200], 0),
        ("9 kB head", with_length(&format!("X: {}\r\n", "a".repeat(9000))), &[431], 0),
        ("9 kB path", post(&format!("/webhook/{}", "a".repeat(9000)), "", ALERT), &[431], 0),
        ("200 headers", with_length(&"A: b\r\n".repeat(200)), &[431], 0),
        ("CL and TE", with_length("Transfer-Encoding: chunked\r\n"), &[411], 0),
        (
            "chunked",
            raw(&format!("POST /webhook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n22\r\n{ALERT}\r\n0\r\n\r\n")),
            &[411],
            0,
        ),
        ("chunked with a trailer", head("Host: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-É\r\n"), &[400], 0),
        ("TE: gzip, chunked", head("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n"), &[411], 0),
        ("TE: identity", with_length("Transfer-Encoding: identity\r\n"), &[411], 0),
        ("two lengths", with_length("Content-Length: 0\r\n"), &[400], 0),
        ("two equal lengths", with_length(&format!("Content-Length: {length}\r\n")), &[400], 0),
        ("length +41", head("Host: h\r\nContent-Length: +41\r\n"), &[400], 0),
        ("length -1", head("Host: h\r\nContent-Length: -1\r\n"), &[400], 0),
        ("length 1e3", head("Host: h\r\nContent-Length: 1e3\r\n"), &[400], 0),
        ("length with a space before the colon", head("Host: h\r\nContent-Length : 34\r\n"), &[400], 0),
        ("huge length", head("Host: h\r\nContent-Length: 18446744073709551617\r\n"), &[413], 0),
        ("300 MB body", head("Host: h\r\nContent-Length: 300000000\r\n"), &[413], 0),
        ("body of 16385", post("/webhook", "", &"a".repeat(16385)), &[413], 0),
        ("cut head", raw("POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Le"), &[400], 0),
        ("cut body", head("Host: h\r\nContent-Length: 500\r\n"), &[400], 0),
        (
            "host that is a path",
            raw(&format!("POST /other HTTP/1.1\r\nHost: h/webhook?\r\nContent-Length: {length}\r\n\r\n{ALERT}")),
            &[400],
            0,
        ),
        ("host with a user", head(&format!("Host: a@h\r\nContent-Length: {length}\r\n")), &[400], 0),
        ("two hosts", with_length("Host: g\r\n"), &[400], 0),
        ("no host", head(&format!("Content-Length: {length}\r\n")), &[400], 0),
        ("empty host", head(&format!("Host: \r\nContent-Length: {length}\r\n")), &[400], 0),
        ("bare line feeds", raw(&format!("POST /webhook HTTP/1.1\nHost: h\nContent-Length: {length}\n\n{ALERT}")), &[400], 0),
        ("one bare line feed", raw("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"), &[400], 0),
        ("bare carriage return", raw("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"), &[400], 0),
        ("folded line", with_length("X: a\r\n b\r\n"), &[400], 0),
        ("folded first line", raw("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), &[400], 0),
        ("no colon", with_length("nonsense\r\n"), &[400], 0),
        ("no header name", with_length(": x\r\n"), &[400], 0),
        ("two spaces", raw("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("words only", raw("hello there\r\n\r\n"), &[400], 0),
        ("lower-case method", raw("get / HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("unknown method", raw("BREW /webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[501], 0),
        ("CONNECT", raw("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), &[400], 0),
        ("absolute target", raw("GET http://evil/webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("asterisk target", raw("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("path with dots", post("/x/../webhook", "", ALERT), &[400], 0),
        ("path with escaped dots", post("/x/%2e%2e/webhook", "", ALERT), &[400], 0),
        ("path with a backslash", post("/x\\..\\webhook", "", ALERT), &[400], 0),
        ("path with a fragment", post("/webhook#x", "", ALERT), &[400], 0),
        ("unknown expectation", with_length("Expect: miracles\r\n"), &[417], 0),
    ]
}

/// Clean requests that say the wrong thing, and some that say the right one in an odd way.
pub(crate) fn hostile_messages() -> Vec<Row> {
    let one = post("/webhook", "", ALERT);
    let wrong = |token: &str| post("/webhook", "", &format!("{{\"token\":\"{token}\"}}"));
    vec![
        ("an honest alert", one.clone(), &[200], 1),
        ("pipelined x5", one.repeat(5), &[200, 200, 200, 200, 200], 5),
        ("pipelined, the second unclean", [one.clone(), raw("GET /\0"), one.clone()].concat(), &[200, 400], 1),
        ("pipelined behind a close", [post("/webhook", "Connection: close\r\n", ALERT), one.clone()].concat(), &[200], 1),
        ("pipelined behind a 401", [wrong("x"), one.clone()].concat(), &[401, 200], 1),
        ("an empty line after the body", [one.clone(), raw("\r\n"), one.clone()].concat(), &[200, 200], 2),
        ("a request hidden in a body", post("/nowhere", "", &String::from_utf8_lossy(&one)), &[404], 0),
        (
            "a request behind a length of 0",
            [raw("POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"), one].concat(),
            &[400, 200],
            1,
        ),
        ("no body", raw("POST /webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("blank body", post("/webhook", "", " \r\n "), &[400], 0),
        ("broken JSON", post("/webhook", "", "{\"token\":"), &[400], 0),
        ("BOM before JSON", post("/webhook", "", &format!("\u{feff}{ALERT}")), &[200], 1),
        ("JSON as text/plain", post("/webhook", "Content-Type: text/plain\r\n", ALERT), &[200], 1),
        ("a field at fault", post("/webhook/right-token-0123456789", "", "{\"fault\":\"stop_loss\"}"), &[400], 0),
        ("wrong token", wrong("wrong"), &[401], 0),
        ("empty token", wrong(""), &[401], 0),
        ("no token", post("/webhook", "", "{}"), &[401], 0),
        ("token with a letter too few", wrong("right-token-012345678"), &[401], 0),
        ("token with a letter too many", wrong("right-token-01234567890"), &[401], 0),
        ("token that is a number", post("/webhook", "", "{\"token\":1}"), &[401], 0),
        ("long token", wrong(&"t".repeat(16000)), &[401], 0),
        ("token in the query", post("/webhook?token=right-token-0123456789", "", "{}"), &[401], 0),
        ("token in the path", post("/whook/right-token-0123456789", "", "{}"), &[200], 1),
        ("token in the header", post("/webhook", "X-Webhook-Token: right-token-0123456789\r\n", "{}"), &[200], 1),
        ("wrong token and fault", post("/webhook", "", "{\"token\":\"x\",\"fault\":\"stop_loss\"}"), &[401], 0),
        ("paper price on live", post("/paper/price", "", "{}"), &[404], 0),
        ("unknown path", post("/admin", "", ALERT), &[404], 0),
        ("GET on the webhook", raw("GET /webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[405], 0),
        (
            "GET with a body",
            raw("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbodyGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            &[200, 200],
            0,
        ),
        ("POST on health", post("/health", "", ""), &[405], 0),
    ]
}

/// Bodies that are no JSON, mostly of somebody who has the token: a stranger's 401 would hide what becomes of them.
pub(crate) fn hostile_texts() -> Vec<Row> {
    let authorised = |body: &[u8]| {
        let head = format!("POST /whook/right-token-0123456789 HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let with_token = |word: &str| post("/whook", "", &format!("close token:{word}"));
    vec![
        ("a text alert", authorised(b"close"), &[200], 1),
        ("two lines, CRLF", authorised(b"close\r\nclose\r\n"), &[200], 2),
        ("text as JSON", post("/webhook", "Content-Type: application/json\r\n", "close token:right-token-0123456789"), &[200], 1),
        ("BOM before text", authorised("\u{feff}close".as_bytes()), &[200], 1),
        (
            "pipelined text and JSON",
            [authorised(b"close"), post("/webhook", "", ALERT), authorised(b"close")].concat(),
            &[200, 200, 200],
            3,
        ),
        ("token word", with_token("right-token-0123456789"), &[200], 1),
        ("wrong token word", with_token("wrong"), &[401], 0),
        ("empty token word", with_token(""), &[401], 0),
        ("long token word", with_token(&"t".repeat(16000)), &[401], 0),
        ("2,000 token words", post("/whook", "", &format!("close{}", " token:x".repeat(2000))), &[401], 0),
        ("text without a token", post("/whook", "", "close"), &[401], 0),
        ("a placeholder that was not filled in", authorised(b"{{strategy.order.action}} ETHUSDT"), &[400], 0),
        ("text that is no order", authorised(b"hello there"), &[400], 0),
        ("JSON array", authorised(b"[1]"), &[400], 0),
        ("NUL alone", authorised(b"\0"), &[400], 0),
        ("NUL in a line", authorised(b"clo\0se"), &[400], 0),
        ("NUL behind a line", authorised(b"close\0"), &[400], 0),
        ("control characters", authorised(b"\x01\x02\x7f\x1b[2J"), &[400], 0),
        ("invalid UTF-8", authorised(b"close \xff\xfe"), &[400], 0),
        ("half a character", authorised(b"close \xe2\x82"), &[400], 0),
        ("UTF-16", authorised(b"\xff\xfec\0l\0o\0s\0e\0"), &[400], 0),
        ("an overlong form", authorised(b"close\xc0\xaf"), &[400], 0),
        ("a right-to-left mark", authorised("close\u{202e}".as_bytes()), &[400], 0),
        ("comments only", authorised(b"// close\n// close"), &[400], 0),
        ("a very long line", authorised(&[b'a'; 16384]), &[400], 0),
        ("very many words", authorised(&b"a ".repeat(8192)), &[400], 0),
        ("as many lines as there is room for", authorised(&b"a\n".repeat(8192)), &[400], 0),
        ("10,000 lines", authorised(&b"a\n".repeat(10_000)), &[413], 0),
        ("line feeds only", authorised(&[b'\n'; 16384]), &[400], 0),
        ("carriage returns only", authorised(&[b'\r'; 16384]), &[400], 0),
    ]
}
