//! The recursive resolver of the plan, whether it is asked by datagrams or on a connection.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dns::iterate::job::{Patience, Resolution};
use crate::dns::resolvers::combine::{Questions, ResolverAnswer};
use crate::dns::resolvers::configured::ask_resolvers;
use crate::dns::resolvers::connection::Client;
use crate::dns::resolvers::endpoint::ask_endpoint;
use crate::plan::ResolverChoice;
use crate::trace::Purpose;

/// The resolver of the plan, as the counted lane asks it.
pub(crate) struct Asker<'a> {
    pub(crate) run: &'a Rc<Resolution>,
    /// Who is asked on a connection.
    pub(crate) client: Option<&'a Client>,
    /// What was waited for besides the first answer.
    pub(crate) path: RefCell<Vec<usize>>,
}

impl Asker<'_> {
    pub(crate) async fn ask(&self, questions: Questions, patience: Patience) -> ResolverAnswer {
        let plan = &self.run.context.plan;
        if let Some(client) = self.client {
            return ask_endpoint(client, self.run, questions, patience).await;
        }
        let servers = match plan.lane {
            ResolverChoice::Server(server) => vec![server],
            _ => plan.stub_servers.clone(),
        };
        ask_resolvers(
            &self.run.context,
            Rc::clone(&self.run.log),
            servers,
            questions,
            Purpose::Resolver,
            patience,
        )
        .await
    }
}
