//! The page in a real browser: no error on the console, no request to anywhere.
//!
//! Needs `chromium` on the path; without it the tests say so and pass.

mod browser_support;
mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use browser_support::chromium;
use common::fixture;
use tonnage_reports::write_all;

/// What a page did: its document after loading, and everything that speaks of an error, a refused
/// policy or a request.
struct Visit {
    document: String,
    complaints: Vec<String>,
}

/// Opens a page and waits for it, at most a minute.
fn visit(browser: &Path, page: &Path) -> Visit {
    let profile = tempfile::tempdir().expect("a directory");
    let log = profile.path().join("net.json");
    let stderr_path = profile.path().join("stderr");
    let stdout_path = profile.path().join("stdout");
    let file = |path: &Path| std::fs::File::create(path).expect("a file");
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-default-apps",
            "--no-first-run",
            // No name of another machine is ever resolved.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--enable-logging=stderr",
            "--v=0",
            "--dump-dom",
            "--virtual-time-budget=2000",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--log-net-log={}", log.display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(file(&stdout_path))
        .stderr(file(&stderr_path))
        .spawn()
        .expect("the browser starts");
    let deadline = Instant::now() + Duration::from_mins(1);
    while child.try_wait().expect("a state").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the browser did not finish within a minute");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let read = |path: &Path| {
        String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
    };
    let mut complaints: Vec<String> = read(&stderr_path)
        .lines()
        .filter(|line| line.contains("CONSOLE") || line.contains("Refused"))
        .map(str::to_owned)
        .collect();
    complaints.extend(requests(&read(&log)));
    Visit {
        document: read(&stdout_path),
        complaints,
    }
}

/// What the page asked for beyond files of this disk. The browser's own errands, which have no
/// page as their origin, do not count.
fn requests(log: &str) -> Vec<String> {
    let log: serde_json::Value = serde_json::from_str(log).expect("the network log is complete");
    let events = log["events"]
        .as_array()
        .expect("the network log has events");
    events
        .iter()
        .filter_map(|event| {
            let url = event["params"]["url"].as_str()?;
            let initiator = event["params"]["initiator"].as_str()?;
            let own = initiator == "not an origin" || url.starts_with("file:");
            (!own).then(|| format!("request to {url}"))
        })
        .collect()
}

#[test]
fn the_page_opens_from_disk_without_an_error_or_a_request() {
    let Some(browser) = chromium("the page was not opened in a browser") else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let written = write_all(&fixture(), directory.path()).expect("a report");
    let visit = visit(&browser, &written.page());
    assert!(visit.document.contains("The answer") && visit.document.contains("</html>"));
    assert_eq!(visit.complaints, Vec::<String>::new());
}

/// The names of the rows of the table that is sorted, in the order shown.
fn sorted_rows(document: &str) -> Vec<String> {
    let (_, from_head) = document.split_once("aria-sort=\"").expect("a sorted table");
    let (table, _) = from_head.split_once("</table>").expect("its end");
    let rows = table.split("<th scope=\"row\">").skip(1);
    rows.map(|row| row.split('<').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn what_is_chosen_on_the_page_lives_in_its_address() {
    let Some(browser) = chromium("the page was not opened in a browser") else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let written = write_all(&fixture(), directory.path()).expect("a report");
    let open = |state: &str| {
        let address = PathBuf::from(format!("{}#{state}", written.page().display()));
        let visit = visit(&browser, &address);
        assert_eq!(visit.complaints, Vec::<String>::new(), "{state}");
        visit.document
    };
    // Some table has a second column to sort by, and both ways differ.
    let found = (0..20).find_map(|table| {
        let down = open(&format!("vcpus?sort={table}.1.d"));
        if !down.contains("aria-sort=\"descending\"") {
            return None;
        }
        let up = open(&format!("vcpus?sort={table}.1.a"));
        let (down, up) = (sorted_rows(&down), sorted_rows(&up));
        (down != up).then_some((down, up))
    });
    let (down, mut up) = found.expect("a table that can be sorted");
    assert!(down.len() > 2);
    let mut same = down.clone();
    same.sort();
    up.sort();
    assert_eq!(same, up, "the same rows in another order");
    let filtered = open("technologies?tag=not%20measured");
    assert_eq!(filtered.matches("aria-pressed=\"true\"").count(), 2);
    // What is no state at all changes nothing.
    let nonsense = open("claims?sort=99.99.x&tag=%3Cscript%3E&sort=a.b");
    assert!(!nonsense.contains("aria-pressed=\"true\"") && !nonsense.contains("aria-sort=\""));
}

#[test]
fn a_page_that_errs_or_reaches_out_is_caught() {
    let Some(browser) = chromium("the check itself was not checked") else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let catch = |name: &str, body: &str| {
        let page = directory.path().join(name);
        std::fs::write(&page, format!("<!DOCTYPE html><title>x</title>{body}")).expect("a page");
        visit(&browser, &page).complaints
    };
    let error = catch("error.html", "<script>console.error('broken')</script>");
    assert!(
        error.iter().any(|line| line.contains("broken")),
        "{error:?}"
    );
    let thrown = catch("thrown.html", "<script>throw new Error('thrown')</script>");
    assert!(
        thrown.iter().any(|line| line.contains("thrown")),
        "{thrown:?}"
    );
    // A port of this machine at which nothing listens: the attempt is what counts.
    let request = catch("request.html", "<img src='http://127.0.0.1:9/pixel.png'>");
    assert!(
        request.iter().any(|line| line.contains("127.0.0.1:9")),
        "{request:?}"
    );
    let policy = catch(
        "policy.html",
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">\
         <script>document.title = 'ran'</script>",
    );
    assert!(!policy.is_empty(), "a refused script is reported");
}
