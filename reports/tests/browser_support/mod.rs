//! A real browser for tests of pages, and what else they need of the machine. What is missing is told
//! and skipped.

// Each test binary uses a part of this.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::print_stderr,
    clippy::must_use_candidate
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// The longest that a browser may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// The first program of some names on the path.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Chromium, or a word on what is skipped for want of it.
pub fn chromium(skipped: &str) -> Option<PathBuf> {
    let found = program(&["chromium", "chromium-browser", "google-chrome"]);
    if found.is_none() {
        eprintln!("SKIPPED: no chromium on the path, so {skipped}");
    }
    found
}

/// A file of the packages that `scripts/setup.sh --test` fetches from npm, or a word on what is skipped.
pub fn page_check(file: &str, skipped: &str) -> Option<PathBuf> {
    let digest = Sha256::digest(include_bytes!("../../npm/package-lock.json"));
    let digest: String = digest[..8].iter().fold(String::new(), |mut text, byte| {
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    });
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = home("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(home("HOME")?).join(".cache")))?;
    let folder = cache.join(format!("tonnage/npm-page-checks-{digest}"));
    let found = folder.join("node_modules").join(file);
    if found.is_file() {
        return Some(found);
    }
    eprintln!(
        "SKIPPED: there is no {}, so {skipped}; `scripts/setup.sh --test` fetches it from npm, or says \
         why it cannot",
        found.display()
    );
    None
}

/// How a page is opened.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

impl View {
    pub const DESK: Self = Self {
        width: 1280,
        height: 900,
        dark: false,
    };
}

/// Runs a browser without a window on a page, with what it is to do; what it wrote on its output.
///
/// # Panics
/// When the browser cannot be started or takes longer than [`PATIENCE`].
pub fn run(browser: &Path, page: &Path, view: View, to_do: &[String]) -> String {
    let profile = tempfile::tempdir().expect("a directory");
    let stdout = profile.path().join("stdout");
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
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            // No name of another machine is ever resolved.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ])
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(!view.dark)
        ))
        .arg(format!("--window-size={},{}", view.width, view.height))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(to_do)
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&stdout).expect("a file"))
        .stderr(Stdio::null())
        .spawn()
        .expect("the browser starts");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a state").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the browser did not finish {to_do:?} within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    String::from_utf8_lossy(&std::fs::read(&stdout).unwrap_or_default()).into_owned()
}

/// Runs a script in a copy of a page, which must hand its answer to `answer(text)`.
///
/// The copy lies beside the page and has no content security policy, which would rightly refuse the
/// script.
///
/// # Panics
/// When the page cannot be copied or the script does not answer.
pub fn ask(browser: &Path, page: &Path, view: View, libraries: &[&Path], script: &str) -> String {
    const BEGIN: &str = "<pre id=\"answered\">";
    let text = std::fs::read_to_string(page).expect("the page");
    let (before, rest) = text
        .split_once("<meta http-equiv=\"Content-Security-Policy\"")
        .expect("a policy");
    let (_, after) = rest.split_once('>').expect("its end");
    let (body, end) = after.rsplit_once("</body>").expect("a body");
    let libraries: Vec<String> = libraries
        .iter()
        .map(|path| format!("<script src=\"file://{}\"></script>", path.display()))
        .collect();
    let libraries = libraries.concat();
    let copy = page.with_extension("asked.html");
    let asked = format!(
        "{before}{body}{libraries}<script>
        const answer = (text) => {{
          const place = document.createElement('pre');
          place.id = 'answered';
          place.textContent = text;
          document.body.append(place);
        }};
        (async () => {{ {script} }})().catch((error) => answer(`failed: ${{error.stack}}`));
        </script></body>{end}"
    );
    std::fs::write(&copy, asked).expect("a copy of the page");
    let to_do = ["--dump-dom", "--virtual-time-budget=900000"].map(str::to_owned);
    let document = run(browser, &copy, view, &to_do);
    let (_, answered) = document.split_once(BEGIN).expect("the script answers");
    let (answered, _) = answered.split_once("</pre>").expect("a whole answer");
    answered
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
