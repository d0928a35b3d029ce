//! stub
use crate::event::Fields;
use crate::run::{Ending, News, Update};
use std::io::{self, Write};
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode { Done, Internal, Usage, ConfigInvalid, Connect, Other }
impl From<ExitCode> for std::process::ExitCode { fn from(c: ExitCode) -> Self { std::process::ExitCode::from(c as u8) } }
pub enum Detail { Quiet, Normal, Verbose }
impl Clone for Detail { fn clone(&self) -> Self { *self } }
impl Copy for Detail {}
pub struct Paint; impl Paint { pub fn new(_: bool) -> Self { Paint } }
pub struct Screen<W>(W); impl<W> Screen<W> { pub fn stderr(w: W, _: Detail) -> Self { Screen(w) } }
pub struct Subject { pub command: String, pub environment: String, pub hosts: Vec<String> }
pub struct Report<W: Write> { w: W, bad: bool }
impl<W: Write> Report<W> {
    pub fn new(_: Subject, _: Detail, _: Paint, s: Screen<W>) -> Self { Report { w: s.0, bad: false } }
    pub fn revision(&mut self, a: &str, b: &str) { let _ = writeln!(self.w, "revision {a} {b}"); }
    pub fn left_behind(&mut self, _: usize, _: usize) {}
    pub fn update(&mut self, u: &Update) -> io::Result<()> {
        if let News::Ended(e) = &u.news { if !matches!(e, Ending::End { outcome, .. } if (*outcome as u8) < 3) { self.bad = true; } }
        writeln!(self.w, "{:>6.2} {:?}", u.at.as_secs_f32(), u.news)
    }
    pub fn finish(self) -> io::Result<ExitCode> { Ok(if self.bad { ExitCode::Other } else { ExitCode::Done }) }
}
pub fn state_lines(h: &str, f: &[(String, Fields)]) -> Vec<String> { f.iter().map(|x| format!("{h} {x:?}")).collect() }
pub use state_lines as release_lines;
pub fn plan_lines(p: &crate::plan::HostPlan, r: &crate::target::Revision, f: &[(String, Fields)], c: Option<&[String]>, d: &str) -> Vec<String> { vec![format!("{} {r:?} {f:?} {c:?} {d}", p.host)] }
