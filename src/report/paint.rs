use console::Style;

/// Colours, or none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    pub(super) fn error(self, text: &str) -> String {
        self.apply(Style::new().red().bold(), text)
    }

    pub(super) fn good(self, text: &str) -> String {
        self.apply(Style::new().green(), text)
    }

    pub(super) fn hint(self, text: &str) -> String {
        self.apply(Style::new().cyan(), text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.apply(Style::new().dim(), text)
    }

    fn apply(self, style: Style, text: &str) -> String {
        style.force_styling(self.on).apply_to(text).to_string()
    }
}
