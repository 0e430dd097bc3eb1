//! The fact table: statements of the topics with the section they rest on, each said by the topic it names.
