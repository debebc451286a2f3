//! The explorer: the real command, asked over the wire and used by a browser.
#![allow(clippy::print_stderr, reason = "a test that cannot run here says so")]

mod browser;
mod server;

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use browser::{Browser, Tab};
use server::{PATIENCE, Server, tonnage};

/// A small scenario, answered at once.
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/company.toml");

/// The field of a key.
fn field(key: &str, what: &str) -> String {
    format!("[data-path=\"{key}\"] {what}")
}

#[test]
fn only_its_own_page_is_answered() {
    let server = Server::start(&[SMALL]);
    let own = format!("host: 127.0.0.1:{}", server.port);
    let page = server.ask("GET /", &[&own], "");
    assert_eq!(page.status, 200);
    for header in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(page.head.contains(header), "{}", page.head);
    }
    // What another site's name for this machine would send.
    assert_eq!(server.ask("GET /", &["host: evil.example"], "").status, 421);
    let json = "content-type: application/json";
    let body = "{\"set\":[]}";
    let from = |origin: &str| {
        let origin = format!("origin: {origin}");
        server
            .ask("POST /api/answer", &[&own, json, &origin], body)
            .status
    };
    assert_eq!(from("http://evil.example"), 403);
    assert_eq!(from(&format!("http://127.0.0.1:{}", server.port)), 200);
}

#[test]
fn what_is_no_question_is_refused_and_does_no_harm() {
    let server = Server::start(&[SMALL]);
    let own = format!("host: localhost:{}", server.port);
    let json = "content-type: application/json";
    let ask = |first: &str, lines: &[&str], body: &str| server.ask(first, lines, body).status;
    assert_eq!(ask("GET /nothing", &[&own], ""), 404);
    assert_eq!(ask("GET /api/answer", &[&own], ""), 405);
    assert_eq!(ask("POST /api/answer", &[&own], "{\"set\":[]}"), 415);
    assert_eq!(ask("POST /api/answer", &[&own, json], "nonsense"), 400);
    assert_eq!(ask("POST /api/answer", &[&own, json], "{\"set\":7}"), 422);
    let large = format!("{{\"set\":[[\"a\",\"{}\"]]}}", "x".repeat(70_000));
    assert_eq!(ask("POST /api/answer", &[&own, json], &large), 413);
    let many: Vec<_> = (0..600)
        .map(|key| json!([format!("k{key}"), "1"]))
        .collect();
    assert_eq!(
        server.post("/api/answer", &json!({ "set": many })).status,
        422
    );
    assert_eq!(
        server.post("/api/answer", &json!({ "set": [] })).status,
        200
    );
}

#[test]
fn a_request_names_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret.toml");
    std::fs::write(&secret, "format = 1 # a secret\n").expect("written");
    let server = Server::start(&[SMALL]);
    for key in ["profile", "extends", "host.shape"] {
        let value = format!("{}#x", secret.display());
        let reply = server.post("/api/answer", &json!({ "set": [[key, value]] }));
        assert_eq!(reply.status, 422, "{key}: {}", reply.body);
        assert!(!reply.body.contains("a secret"), "{key}: {}", reply.body);
    }
}

#[test]
fn nonsense_says_where_it_is_and_what_would_be_right() {
    let server = Server::start(&[SMALL]);
    let reply = server.post("/api/answer", &json!({ "set": [["host.speed", "fast"]] }));
    assert_eq!(reply.status, 422);
    let problem = &reply.json()["problems"][0];
    assert_eq!(problem["path"], "host.speed");
    assert!(
        problem["message"].as_str().expect("words").contains("1.5"),
        "{problem}"
    );
}

/// The vCPUs of every plan.
fn vcpus(result: &Value) -> Vec<f64> {
    let plans = result["plans"].as_array().expect("plans").iter();
    plans
        .map(|plan| {
            plan["analytic"]["vcpus"]["central"]
                .as_f64()
                .expect("vCPUs")
        })
        .collect()
}

fn plan(arguments: &[&str]) -> Value {
    let output = tonnage()
        .args(["plan", "--no-simulation", "--json"])
        .args(arguments)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_saved_scenario_gives_the_same_answer() {
    let server = Server::start(&["us-knowledge-workers"]);
    let set = json!({ "set": [["segments.workers.people", "7M"], ["host.speed", "1.3"]] });
    let saved = server.post("/api/scenario", &set);
    assert_eq!(saved.status, 200, "{}", saved.body);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("saved.toml");
    std::fs::write(&file, &saved.body).expect("written");
    let saved = plan(&[file.to_str().expect("text")]);
    let set = plan(&[
        "us-knowledge-workers",
        "--set",
        "segments.workers.people=7M",
        "--set",
        "host.speed=1.3",
    ]);
    assert_eq!(vcpus(&saved), vcpus(&set));
    let plain = plan(&["us-knowledge-workers"]);
    assert_ne!(vcpus(&saved), vcpus(&plain));
}

#[test]
fn reports_go_into_the_chosen_folder_and_nowhere_else() {
    let server = Server::start(&[SMALL]);
    let asked = json!({ "set": [] });
    let refused = server.post("/api/report", &asked);
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("--output"), "{}", refused.body);

    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&[SMALL, "--output", folder.path().to_str().expect("text")]);
    let written = server.post("/api/report", &asked);
    assert!(written.body.contains("\"done\""), "{}", written.body);
    let entries: Vec<_> = std::fs::read_dir(folder.path())
        .expect("readable")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(entries, ["explorer-001"]);
    let report = folder.path().join("explorer-001");
    assert!(report.join("report.html").is_file());
    let verified = tonnage()
        .arg("verify")
        .arg(&report)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{said}");
}

#[test]
fn a_simulation_that_nobody_waits_for_is_cancelled() {
    let server = Server::start(&["us-knowledge-workers"]);
    let host = format!("host: 127.0.0.1:{}", server.port);
    let lines = [host.as_str(), "content-type: application/json"];
    let mut stream = server.send("POST /api/refine", &lines, "{\"set\":[]}");
    let mut some = [0; 64];
    stream.read_exact(&mut some).expect("it begins");
    drop(stream);
    let note = server.wait_for_note("cancelled");
    assert!(note.contains("abandoned"), "{note}");
    // The place is free again.
    assert_eq!(
        server.post("/api/answer", &json!({ "set": [] })).status,
        200
    );
}

#[test]
fn ctrl_c_ends_it_in_the_middle_of_a_simulation() {
    let mut server = Server::start(&["us-knowledge-workers"]);
    let host = format!("host: 127.0.0.1:{}", server.port);
    let lines = [host.as_str(), "content-type: application/json"];
    let mut stream = server.send("POST /api/refine", &lines, "{\"set\":[]}");
    stream.read_exact(&mut [0; 64]).expect("it begins");
    let begin = Instant::now();
    assert_eq!(server.interrupt(), Some(0));
    assert!(begin.elapsed() < PATIENCE);
}

#[test]
fn a_port_in_use_is_said_and_so_is_what_to_do() {
    let server = Server::start(&[SMALL]);
    let port = server.port.to_string();
    let output = tonnage()
        .args(["serve", SMALL, "--port", &port])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("in use") && said.contains("--port"), "{said}");
}

/// A tab that shows an answer by formulas, and goes on to simulate only when it is told.
fn answered(browser: &mut Browser, address: &str) -> Tab {
    let tab = browser.open(address);
    browser.wait(&tab, SETTLED);
    browser.value(
        &tab,
        "document.querySelector('#auto').checked && document.querySelector('#auto').click()",
    );
    browser.wait(
        &tab,
        "/^By formulas/.test(document.querySelector('#status').textContent)",
    );
    tab
}

/// Nothing is being asked, and the last answer is shown with all draws.
const SETTLED: &str = "document.querySelector('#figures .figures') && \
                       !document.querySelector('#result[aria-busy]') && \
                       /ms\\.$/.test(document.querySelector('#status').textContent)";

const PEOPLE: &str = "segments.staff.people";

fn people(browser: &mut Browser, tab: &Tab) -> String {
    let value = browser.value(
        tab,
        &format!(
            "document.querySelector('{}').value",
            field(PEOPLE, "input[type=text]")
        ),
    );
    value.as_str().expect("text").to_owned()
}

fn figure(browser: &mut Browser, tab: &Tab) -> String {
    let value = browser.value(tab, "document.querySelector('#figures strong').textContent");
    value.as_str().expect("text").to_owned()
}

#[test]
fn a_slider_moves_the_answer_and_the_back_button_takes_it_back() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let server = Server::start(&[SMALL]);
    let tab = answered(&mut browser, &server.address());
    let (people_before, before) = (people(&mut browser, &tab), figure(&mut browser, &tab));
    browser.drag(&tab, &field(PEOPLE, "input[type=range]"), 40);
    browser.wait(&tab, "location.search.includes('set=')");
    browser.wait(&tab, SETTLED);
    let (people_after, after) = (people(&mut browser, &tab), figure(&mut browser, &tab));
    assert_ne!(people_after, people_before);
    assert_ne!(after, before);
    assert_eq!(
        browser.value(&tab, "document.querySelectorAll('#changes li').length"),
        1
    );

    let slider = format!(
        "document.querySelector('{}').value",
        field(PEOPLE, "input[type=range]")
    );
    let dragged = browser.value(&tab, &slider);
    assert_ne!(dragged, "0");

    browser.reload(&tab);
    std::thread::sleep(Duration::from_millis(300));
    browser.wait(&tab, SETTLED);
    assert_eq!(
        people(&mut browser, &tab),
        people_after,
        "a reload keeps it"
    );
    assert_eq!(figure(&mut browser, &tab), after);
    let kept = browser.value(&tab, &slider);
    let place = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let (kept, dragged) = (
        place(&kept).expect("a number"),
        place(&dragged).expect("a number"),
    );
    assert!(
        (kept - dragged).abs() <= 1.0,
        "{kept} rather than {dragged}"
    );

    browser.value(&tab, "history.back()");
    browser.wait(&tab, "location.search === ''");
    browser.wait(
        &tab,
        &format!("document.querySelector('#figures strong').textContent === {before:?}"),
    );
    assert_eq!(people(&mut browser, &tab), people_before);
}

#[test]
fn parts_stay_a_whole_and_a_choice_stays_chosen() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let server = Server::start(&["small-company"]);
    let tab = answered(&mut browser, &server.address());
    let part = field("segments.staff.tiers.api", "input[type=range]");
    for pixels in [-60, 70] {
        browser.drag(&tab, &part, pixels);
        browser.wait(&tab, SETTLED);
        let wrong = "document.querySelectorAll('[aria-invalid=true], #problems li').length";
        assert_eq!(browser.value(&tab, wrong), 0, "moved by {pixels}");
    }
    let choice = field("plans.containers.tiers.api", "select");
    let select = format!("document.querySelector('{choice}')");
    let pick = format!(
        "(() => {{ const s = {select}; s.focus(); s.selectedIndex = s.options.length - 1; \
         s.dispatchEvent(new Event('change')); return s.value; }})()"
    );
    let picked = browser.value(&tab, &pick);
    browser.wait(
        &tab,
        "location.search.includes('plans.containers.tiers.api')",
    );
    browser.wait(&tab, SETTLED);
    assert_eq!(browser.value(&tab, &format!("{select}.value")), picked);
    browser.value(&tab, "history.back()");
    browser.wait(
        &tab,
        "!location.search.includes('plans.containers.tiers.api')",
    );
    browser.wait(&tab, SETTLED);
    assert_ne!(
        browser.value(&tab, &format!("{select}.value")),
        picked,
        "and goes back"
    );
}

#[test]
fn nonsense_is_marked_where_it_was_typed_and_the_last_answer_stays() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let server = Server::start(&[SMALL]);
    let tab = answered(&mut browser, &server.address());
    let before = figure(&mut browser, &tab);
    let input = field(PEOPLE, "input[type=text]");
    browser.enter(&tab, &input, "a lot <b>");
    browser.wait(
        &tab,
        &format!("document.querySelector('{input}').getAttribute('aria-invalid') === 'true'"),
    );
    assert_eq!(figure(&mut browser, &tab), before);
    assert_eq!(
        browser.value(&tab, "document.querySelector('#stale').hidden"),
        false
    );
    assert_eq!(
        browser.value(&tab, "document.querySelectorAll('#form b').length"),
        0
    );
    assert_eq!(
        browser.value(&tab, &format!("document.querySelector('{input}').value")),
        "a lot <b>"
    );
    browser.enter(&tab, &input, "9000");
    browser.wait(&tab, "document.querySelector('#stale').hidden");
    browser.wait(&tab, SETTLED);
    assert_ne!(figure(&mut browser, &tab), before);
    assert_eq!(
        browser.value(&tab, "document.querySelectorAll('[aria-invalid]').length"),
        0
    );
}

#[test]
fn two_tabs_do_not_disturb_one_another_and_a_link_holds_the_state() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let server = Server::start(&[SMALL]);
    let one = answered(&mut browser, &server.address());
    let other = answered(&mut browser, &server.address());
    let before = figure(&mut browser, &other);
    browser.enter(&one, &field(PEOPLE, "input[type=text]"), "90000");
    browser.wait(&one, "location.search.includes('90000')");
    browser.wait(&one, SETTLED);
    assert_ne!(figure(&mut browser, &one), before);
    assert_eq!(figure(&mut browser, &other), before);
    let link = browser.value(&one, "location.href");
    let third = answered(&mut browser, link.as_str().expect("text"));
    assert_eq!(people(&mut browser, &third), "90000");
    assert_eq!(figure(&mut browser, &third), figure(&mut browser, &one));
}

#[test]
fn a_simulation_is_shown_and_one_that_is_overtaken_is_cancelled() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let server = Server::start(&["small-company"]);
    // By itself, once nothing changes.
    let tab = browser.open(&server.address());
    browser.wait(
        &tab,
        "/^Simulated/.test(document.querySelector('#status').textContent)",
    );

    let server = Server::start(&["us-knowledge-workers"]);
    let tab = answered(&mut browser, &server.address());
    browser.value(&tab, "document.querySelector('#simulate').click()");
    browser.wait(&tab, "document.querySelector('#bar').value > 0");
    browser.value(&tab, "location.href = 'about:blank'");
    server.wait_for_note("cancelled");
}

/// The library that looks for barriers, where `scripts/setup.sh --test` has fetched it.
fn axe() -> Option<String> {
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = home("XDG_CACHE_HOME")
        .map(std::path::PathBuf::from)
        .or_else(|| Some(std::path::Path::new(&home("HOME")?).join(".cache")))?;
    let bundles = std::fs::read_dir(cache.join("tonnage")).ok()?.flatten();
    let mut found = bundles
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("npm-page-checks-")
        })
        .map(|entry| entry.path().join("node_modules/axe-core/axe.min.js"));
    std::fs::read_to_string(found.find(|file| file.is_file())?).ok()
}

#[test]
fn the_page_has_no_serious_barrier() {
    let Some(axe) = axe() else {
        eprintln!(
            "SKIPPED: there is no axe-core, so nobody looked for barriers in the explorer's page; \
             `scripts/setup.sh --test` fetches it from npm"
        );
        return;
    };
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let server = Server::start(&[SMALL]);
    let tab = answered(&mut browser, &server.address());
    browser.enter(&tab, &field(PEOPLE, "input[type=text]"), "a lot");
    browser.wait(&tab, "document.querySelector('[aria-invalid]')");
    browser.value(
        &tab,
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })",
    );
    browser.value(&tab, &format!("{axe}; 0"));
    let serious = browser.value(
        &tab,
        "axe.run().then((found) => found.violations \
             .filter((one) => ['serious', 'critical'].includes(one.impact)) \
             .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' ')}`))",
    );
    assert_eq!(serious, json!([]));
}
