//! One paragraph of a story, as plain data. Not how it is set.

/// One step of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// What it is about. May hold names from the network.
    pub heading: String,
    /// What happened, with the numbers of this run. May hold names and values from the network.
    pub text: String,
    /// Where it is written down: RFCs with their sections, and other standards.
    pub standards: &'static [&'static str],
    /// A command that shows the other case in the lab.
    pub try_command: &'static str,
}
