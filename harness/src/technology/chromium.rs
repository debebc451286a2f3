//! Headless Chromium: a browser for each sandbox, a browser context in a running browser, and a page
//! in a context that is there.
//!
//! A browser is driven through two pipes by the DevTools protocol (`devtools`). The guest is a page
//! with the guest program in a script.

mod browser;
mod devtools;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::prctl::set_child_subreaper;

use crate::clock::Stamp;
use crate::guest::{JAVASCRIPT, Language, Request};
use crate::need;
use crate::technology::{
    CodeForm, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind, Started,
    Starter, Support, Suspension, Technology, Verdict, Workspace,
};
use crate::{Boundary, Capability, tools};
use browser::Browser;
use devtools::{Page, Scope};

/// Ways to have a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chromium {
    /// A browser of one's own.
    Browser,
    /// A browser context of one's own, with one page.
    Context,
    /// A page.
    Page,
}

/// The names of Chromium, and of the browser made from it, on `PATH`.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

impl Chromium {
    fn id(self) -> &'static str {
        match self {
            Self::Browser => "browser-chromium",
            Self::Context => "browser-chromium-context",
            Self::Page => "browser-chromium-page",
        }
    }
}

/// The browser's program. Debian's `chromium` is a script that reads settings of the host and becomes
/// the program behind it, which is taken in its place.
fn program() -> Option<PathBuf> {
    let found = NAMES.into_iter().find_map(tools::find)?;
    let behind = Path::new("/usr/lib/chromium/chromium");
    if found.ends_with("chromium") && tools::is_executable(behind) {
        return Some(behind.to_path_buf());
    }
    Some(found)
}

impl Technology for Chromium {
    fn description(&self) -> Description {
        let (title, clock, notes) = match self {
            Self::Browser => (
                "Headless Chromium",
                "From before the browser is spawned, with an empty profile, until its first page has \
                 been opened, has loaded from a file, and has given its first answer, which is right. \
                 Program and libraries are in the page cache.",
                "A whole browser with one page for each sandbox: some six processes. No container \
                 around it, no network, no GPU.",
            ),
            Self::Context => (
                "Browser context in a running Chromium",
                "From before the context is asked for until a page in it has been opened, has loaded \
                 from a file, and has given its first answer, which is right. The browser is there.",
                "Cookies, storage and cache of its own, and processes of its own for its pages; the \
                 browser's main process, network and GPU processes are shared by all. The boundary \
                 between strangers is the browser's.",
            ),
            Self::Page => (
                "Page in a running Chromium",
                "From before the page is asked for until it has been opened, has loaded from a file, \
                 and has given its first answer, which is right. The browser and the context are \
                 there.",
                "Pages of one context share cookies and storage: no boundary between strangers, but \
                 what one more page of the same session costs. Chromium keeps a process ready for \
                 the next page.",
            ),
        };
        let sandbox = if nix::unistd::geteuid().is_root() {
            " Run by root, it does without Chromium's own sandbox, which root may not use."
        } else {
            " Chromium's own sandbox is on."
        };
        Description {
            id: self.id().to_owned(),
            title: title.to_owned(),
            boundary: Boundary::Process,
            offers: vec![
                Capability::ApiCalls,
                Capability::Javascript,
                Capability::Wasm,
                Capability::Browser,
            ],
            inside: Inside {
                network: Support::Yes,
                ..Inside::runtime(vec![CodeForm::Javascript, CodeForm::Wasm])
            },
            language: Language::Javascript,
            start: match self {
                Self::Browser => StartKind::Cold,
                Self::Context | Self::Page => StartKind::Shared,
            },
            clock: clock.to_owned(),
            notes: Some(format!("{notes}{sandbox}")),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let not_here = |why: String| Verdict::NotHere {
            why,
            enable: need::enable(self.id(), &self.needs()),
        };
        let Some(path) = program() else {
            return not_here(format!("there is none of {} on PATH", NAMES.join(", ")));
        };
        match tools::tool("Chromium", &path, &["--version"]) {
            Some(mut tool) => {
                tool.version = tool.version.replace("Chromium ", "");
                Verdict::Ready { tools: vec![tool] }
            }
            None => not_here(format!(
                "`{} --version` does not tell its version",
                path.display()
            )),
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::program("chromium", "chromium")]
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let program = program().ok_or_else(|| Failure::new("there is no Chromium"))?;
        // Its processes outlive the one that starts them for a moment, and come to this one.
        set_child_subreaper(true)
            .map_err(|error| Failure::of("cannot adopt the browser's processes", error))?;
        let page = workspace.own().join("page.html");
        workspace.step("write the page", |_| {
            fs::write(&page, page_text()).map_err(|error| Failure::of("cannot write it", error))
        })?;
        let launch = Launch {
            program,
            profiles: workspace.own().to_owned(),
            run: workspace.run().to_owned(),
            page: format!("file://{}", page.display()),
            counter: AtomicU64::new(0),
        };
        workspace.note_command(browser::command_line(&launch.program));
        if *self == Self::Browser {
            return Ok(Box::new(launch));
        }
        let scope = if *self == Self::Context {
            Scope::OwnContext
        } else {
            Scope::SharedContext
        };
        let starter = workspace.step("start the browser", |_| {
            let browser = Arc::new(launch.browser()?);
            let starter = PageStarter {
                browser,
                page: launch.page.clone(),
                scope,
            };
            // What a browser does once, it does with its first page.
            starter.start(&Request::small(0))?.instance.stop()?;
            Ok(starter)
        })?;
        Ok(Box::new(starter))
    }
}

/// The guest: tells when it began on the host's wall clock, in milliseconds.
fn page_text() -> String {
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>guest</title>\n<script>\n\
         var first = performance.timeOrigin + performance.now();\n{JAVASCRIPT}</script>\n"
    )
}

/// How browsers are started.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    profiles: PathBuf,
    run: String,
    page: String,
    counter: AtomicU64,
}

impl Launch {
    fn browser(&self) -> Result<Browser, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let profile = self.profiles.join(format!("profile-{number}"));
        Browser::start(&self.program, profile, &self.run)
    }
}

impl Starter for Launch {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let browser = self.browser()?;
        let created = Stamp::now();
        let devtools = browser.devtools();
        let opened = devtools
            .open(Scope::SharedContext, &self.page)
            .and_then(|(mut page, _)| {
                let first = page.first_answer(request)?;
                Ok((page, first))
            });
        // A browser that is dropped is ended.
        let (page, first_instruction) = opened.map_err(|failure| browser.explain(failure))?;
        let stamps = Stamps {
            created: Some(created),
            first_instruction: Some(first_instruction),
            first_result: Stamp::now(),
        };
        Ok(Started {
            stamps,
            instance: Box::new(LiveBrowser { page, browser }),
        })
    }
}

/// A browser that is a sandbox.
#[derive(Debug)]
struct LiveBrowser {
    page: Page,
    browser: Browser,
}

impl Instance for LiveBrowser {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.page.work(request)
    }

    fn processes(&self) -> Vec<u32> {
        self.browser.processes()
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(&mut self.browser)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.browser.end()
    }
}

/// Opens pages in one browser.
#[derive(Debug)]
struct PageStarter {
    browser: Arc<Browser>,
    page: String,
    scope: Scope,
}

impl Starter for PageStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let (mut page, created) = self
            .browser
            .devtools()
            .open(self.scope, &self.page)
            .map_err(|failure| self.browser.explain(failure))?;
        let first_instruction = match page.first_answer(request) {
            Ok(first) => first,
            Err(failure) => return page.close().and(Err(failure)),
        };
        let stamps = Stamps {
            created: Some(created),
            first_instruction: Some(first_instruction),
            first_result: Stamp::now(),
        };
        Ok(Started {
            stamps,
            instance: Box::new(LivePage(page)),
        })
    }

    fn daemons(&self) -> Vec<u32> {
        self.browser.processes()
    }

    fn daemons_change(&self) -> bool {
        // A page has a process of its own, which belongs to the browser.
        true
    }
}

/// A page that is a sandbox.
#[derive(Debug)]
struct LivePage(Page);

impl Instance for LivePage {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.0.work(request)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        self.0.close()
    }
}

#[cfg(test)]
mod tests {
    use super::page_text;

    #[test]
    fn the_guest_does_not_end_its_own_script() {
        assert_eq!(page_text().matches("</script").count(), 1);
    }
}
