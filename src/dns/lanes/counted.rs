//! The counted lane of a resolution: the walk (RFC 1034 §5.3.3) or the plan's resolver, within its limits, and the
//! record it ends up in.
//!
//! The stub and the priming question run as tasks of their own: they never delay the counted lane,
//! and change it only when no root server can be reached at all. How lanes ask is decided elsewhere.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::FutureExt;
use hickory_resolver::proto::rr::Name;
use tokio::sync::SetOnce;

use crate::clock::{Clock, Moment};
use crate::dns::context::{Context, StubUse};
use crate::dns::iterate::job::{AbortOnDrop, Aliases, Job, Patience, RESOLUTION_DELAY, Resolution};
use crate::dns::iterate::resolve::{begin, find};
use crate::dns::iterate::wish::Wish;
use crate::dns::lanes::priming::prime;
use crate::dns::lanes::service_binding::{complete, complete_heard};
use crate::dns::lanes::stopped::{ended_by, fallback_note, seconds};
use crate::dns::lanes::stub::StubLane;
use crate::dns::lanes::uncounted::UncountedLanes;
use crate::dns::lanes::validation::checking::Checking;
use crate::dns::lanes::validation::collect::WalkEnd;
use crate::dns::lanes::validation::through_resolver::{CdResolver, Received};
use crate::dns::outcome::fault::{Fault, Found, is_answer};
use crate::dns::outcome::words::show;
use crate::dns::resolvers::ad_bit::authenticated;
use crate::dns::resolvers::chosen::Asker;
use crate::dns::resolvers::combine::{Questions, ResolverAnswer};
use crate::dns::resolvers::connection::Client;
use crate::dns::search::{candidates, completion};
use crate::dns::transport::log::Log;
use crate::dns::wire::name::name_text;
use crate::plan::{DnssecPlan, ResolverChoice};
use crate::stop::{Stop, Stopped};
use crate::trace::{At, Dns, DnsLane, FailureCode, Purpose, Rcode, RecordType};

/// Questions that can be asked along one walk, and those that need a walk of their own.
fn walks(types: &[RecordType]) -> Vec<(Vec<RecordType>, Aliases)> {
    let alone = |rtype: RecordType| rtype == RecordType::CNAME || rtype == RecordType::DS;
    let of_one_walk: Vec<RecordType> = types.iter().copied().filter(|rtype| !alone(*rtype)).collect();
    let mut walks = Vec::new();
    if !of_one_walk.is_empty() {
        walks.push((of_one_walk, Aliases::Follow));
    }
    for rtype in types.iter().copied().filter(|rtype| alone(*rtype)) {
        let aliases = if rtype == RecordType::CNAME { Aliases::Keep } else { Aliases::Follow };
        walks.push((vec![rtype], aliases));
    }
    walks
}

/// Without a word from any root server for this long, the stub's answer is taken.
const ROOT_PATIENCE: Duration = Duration::from_secs(2);

/// One resolution in its counted lane.
pub(crate) struct Counted<'a> {
    pub(crate) context: &'a Rc<Context>,
    /// The resolver of the plan, if it is asked on a connection.
    pub(crate) client: Option<&'a Rc<Client>>,
    pub(crate) name: Name,
    /// As it was typed: a final dot, and how many others there are, decide what else it may stand for.
    pub(crate) typed: &'a str,
    pub(crate) types: Vec<RecordType>,
    pub(crate) clock: &'a Clock,
    pub(crate) stop: &'a Stop,
    /// HTTPS records, asked for beside the addresses.
    pub(crate) wish: Option<Rc<Wish>>,
}

/// What somebody said who was asked in the counted lane; inside, why it is no answer.
fn told<E>(ended: &Result<Ended, E>) -> Option<Option<&Fault>> {
    match ended {
        Ok(Ended::Walked(result)) => Some(result.as_ref().err()),
        Ok(Ended::Asked(heard, _)) => Some(heard.result.as_ref().err()),
        Ok(Ended::FellBack(_) | Ended::Private(_)) | Err(_) => None,
    }
}

/// How the counted lane ended.
enum Ended {
    Walked(Result<Found, Fault>),
    /// The stub's answer was taken, since no root server answered.
    FellBack(ResolverAnswer),
    /// The same, since nobody else may be asked.
    Private(ResolverAnswer),
    /// The resolver's, and the name that it is about.
    Asked(ResolverAnswer, Name),
}

impl Counted<'_> {
    /// The addresses of a host: the second family is not awaited for long.
    pub(crate) async fn addresses(self, dns: &mut Dns) -> (Result<(), Fault>, UncountedLanes) {
        let walks = vec![(self.types.clone(), Aliases::Follow)];
        self.run(dns, walks, Patience::AtMost(RESOLUTION_DELAY)).await
    }

    /// All records of all types.
    pub(crate) async fn records(self, dns: &mut Dns) -> (Result<(), Fault>, UncountedLanes) {
        let walks = walks(&self.types);
        self.run(dns, walks, Patience::Whole).await
    }

    async fn run(
        self,
        dns: &mut Dns,
        walks: Vec<(Vec<RecordType>, Aliases)>,
        patience: Patience,
    ) -> (Result<(), Fault>, UncountedLanes) {
        let plan = &self.context.plan;
        let log = Log::new(*self.clock);
        if plan.dnssec != DnssecPlan::Off {
            log.ask_for_signatures();
        }
        // A walk for the resolver's own name has no business with the host's records.
        let wish = self.wish.clone().filter(|_| plan.lane == ResolverChoice::Walk);
        let run = begin(self.context, &log, wish);
        let _guard = AbortOnDrop(Rc::clone(&run));
        let job = Job::walk(&run, patience);
        let mut uncounted = UncountedLanes::none();
        let special = self.context.special(&self.name);
        // Boxed: what holds this one moves it about, and has room for it more than once.
        let ended = if plan.lane == ResolverChoice::Walk {
            uncounted = self.uncounted(&log, &walks);
            let stub = uncounted.stub.clone();
            let work = match special {
                Some(_) => self.ask_privately(stub).boxed_local(),
                None => self.walk(dns.start, &run, &job, walks, stub).boxed_local(),
            };
            self.limited(dns.start, &log, work).await
        } else {
            // What the machine's own files say belongs to what the machine's own resolver says.
            uncounted.context = (plan.lane == ResolverChoice::System).then(|| Rc::clone(self.context));
            let work = self.asked(&run, patience).boxed_local();
            self.limited(dns.start, &log, work).await
        };
        dns.end = self.clock.now();
        if let (Some(told), Some((sent, led_on, noticed))) = (told(&ended), log.counted()) {
            // What was done before the first question and after the last reply is our own work.
            dns.start = dns.start.max(sent);
            if told.is_none_or(Fault::is_negative) {
                dns.end = led_on.max(dns.start);
                dns.noticed = Some(noticed.max(dns.end));
            }
        } else if plan.server_limit.is_some() {
            dns.start = dns.start.after(log.queued());
        }
        dns.critical_path = job.path.borrow().clone();
        let stopped = ended.as_ref().err().copied();
        let (result, name) = match ended {
            Ok(ended) => self.conclude(ended, dns, &log),
            Err(stopped) => {
                let awaited = log.awaited();
                let mut unheard = awaited.map_or_else(Vec::new, |id| log.unheard_with(id));
                unheard.retain(|id| !dns.critical_path.contains(id));
                dns.critical_path.extend(unheard);
                (Err(self.stopped(stopped, &run, awaited)), self.name.clone())
            }
        };
        log.end_walk(&ended_by(&result, stopped));
        dns.cuts.clone_from(&run.cuts.borrow());
        dns.service = self.wish.as_ref().and_then(|wish| wish.take_binding());
        if plan.dnssec != DnssecPlan::Off
            && let Err(why) = self.validate(&mut uncounted, &result, (dns.lane, name), &run)
        {
            dns.unvalidated = Some(why.to_owned());
        }
        uncounted.types = result.as_ref().map_or_else(|_| self.types.clone(), |found| found.finished.clone());
        let result = fill(dns, result);
        dns.notes = log.notes();
        // Nobody reads them before the lanes have settled, which adds their own: who waits for the addresses goes first.
        if result.is_err() || dns.lane != DnsLane::Walk {
            dns.packets = log.packets();
        }
        dns.authenticated = match dns.lane {
            DnsLane::Resolver => authenticated(&dns.packets, Purpose::Resolver),
            DnsLane::StubFallback => authenticated(&dns.packets, Purpose::Stub),
            _ => None,
        };
        (result, uncounted)
    }

    /// What the lane has come to, and the name that it is about.
    fn conclude(&self, ended: Ended, dns: &mut Dns, log: &Log) -> (Result<Found, Fault>, Name) {
        let list = &self.context.plan.search;
        let special = self.context.special(&self.name).map(|special| special.sentence(&self.name));
        let (heard, name) = match ended {
            Ended::Walked(result) => {
                let completion = completion(list, self.typed, &self.name);
                let Some(completion) = completion else { return (result, self.name.clone()) };
                log.note(format!("programs on this machine ask for {completion} first, the walk does not"));
                let hint =
                    format!("--resolver system asks as programs on this machine do: first for {completion}");
                return (result.map_err(|fault| fault.hint(&hint)), self.name.clone());
            }
            Ended::FellBack(heard) => {
                dns.lane = DnsLane::StubFallback;
                log.note(fallback_note(heard.server));
                (heard, self.name.clone())
            }
            Ended::Private(heard) => {
                dns.lane = DnsLane::StubFallback;
                (heard, self.name.clone())
            }
            Ended::Asked(heard, name) => (heard, name),
        };
        let is_private = dns.lane == DnsLane::StubFallback;
        if let Some(sentence) = &special {
            let asked =
                if is_private { ": only this machine's resolver was asked, never the root" } else { "" };
            log.note(format!("{sentence}{asked}"));
        }
        if dns.lane == DnsLane::Resolver && self.context.plan.lane == ResolverChoice::System {
            if name != self.name {
                let (short, whole, file) = (name_text(&self.name), name_text(&name), &list.source);
                log.note(format!("{short} is completed to {whole} by the search list of {file}"));
            }
            if !self.context.hosts.addresses_of(self.typed).is_empty() {
                log.note(format!(
                    "{} is in the hosts file, which programs on this machine heed first",
                    self.typed
                ));
            }
            for word in &list.ignored {
                log.note(format!(
                    "`{word}` in the search list of {} is not a domain name: left out",
                    list.source
                ));
            }
        }
        dns.name = name_text(&name);
        dns.critical_path = heard.path;
        let result = match special.filter(|_| is_private) {
            Some(sentence) => heard.result.map_err(|fault| {
                fault.hint(&format!("{sentence}; only this machine's resolver was asked, never the root"))
            }),
            None => heard.result,
        };
        (result, name)
    }

    /// What this machine's resolver says of a name that nobody else may hear of.
    async fn ask_privately(&self, stub: Option<Rc<StubLane>>) -> Ended {
        match stub {
            Some(stub) => Ended::Private(stub.heard().await),
            None => {
                let message = "the root is not asked for it, and no resolver is configured".to_owned();
                let result = Err(Fault::new(FailureCode::DnsUnreachable, message));
                Ended::Private(ResolverAnswer { result, ..ResolverAnswer::nothing() })
            }
        }
    }

    /// Runs the lane until its limit, which does not count what it waited for its first place.
    async fn limited<T>(&self, start: At, log: &Log, work: impl Future<Output = T>) -> Result<T, Stopped> {
        let over = self.until(start, self.context.plan.timeout, log);
        let work = async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                () = over => Err(Stopped::Limit),
            }
        };
        self.stop.within(None, work).await?
    }

    /// Until so long after the start, not counting what the lane waited for its first place.
    async fn until(&self, start: At, limit: Duration, log: &Log) {
        loop {
            let limit = start.after(limit).after(log.queued());
            if limit <= self.clock.now() {
                return;
            }
            tokio::time::sleep_until(self.clock.instant(limit).into()).await; // the limit itself; it moves with the queue
        }
    }

    /// Starts the validation of what was found, or says why there is none.
    fn validate(
        &self,
        uncounted: &mut UncountedLanes,
        result: &Result<Found, Fault>,
        (lane, name): (DnsLane, Name),
        run: &Resolution,
    ) -> Result<(), &'static str> {
        let (context, log) = (self.context, &run.log);
        if lane == DnsLane::StubFallback && context.special(&name).is_some() {
            return Err("no chain of trust leads from the root to a name of this kind");
        }
        let question = (name, self.types.clone());
        if lane == DnsLane::Walk {
            let end = worth_validating(result, run)?;
            uncounted.check(Checking::begin(context, log, question, end));
            return Ok(());
        }
        let failed = result.as_ref().err().filter(|fault| !fault.is_negative());
        let (purpose, received) = match failed.map(|fault| (fault.code, fault.rcode)) {
            None if lane == DnsLane::StubFallback => (Purpose::Stub, Received::Unsigned),
            None => (Purpose::Resolver, Received::Answer),
            Some((FailureCode::ResolverFailed, Some(Rcode::SERVFAIL))) => {
                (Purpose::Resolver, Received::ServFail)
            }
            Some((FailureCode::Interrupted | FailureCode::MaxTime, _)) => {
                return Err("the trace was stopped");
            }
            Some((FailureCode::CnameLoop, _)) => return Err("its aliases are a loop"),
            Some(_) => return Err("no resolver gave an answer"),
        };
        let client = self.client.filter(|_| purpose == Purpose::Resolver).cloned();
        uncounted.log = Some(Rc::clone(log));
        if let Some(resolver) = CdResolver::of(context, client, log, purpose, received) {
            uncounted.check(Checking::begin_through(context, log, question, resolver));
        }
        Ok(())
    }

    /// What the resolver of the plan says, and what its HTTPS records make of it.
    async fn asked(&self, run: &Rc<Resolution>, patience: Patience) -> Ended {
        let asker = Asker { run, client: self.client.map(Rc::as_ref), path: RefCell::default() };
        let plan = &self.context.plan;
        let names = match plan.lane {
            ResolverChoice::System => candidates(&plan.search, self.typed, &self.name),
            _ => vec![self.name.clone()],
        };
        let (mut path, mut as_it_is) = (Vec::new(), None);
        for name in names {
            let service = self.wish.as_ref().and_then(|wish| wish.name(&name));
            let questions = Questions { name: name.clone(), types: self.types.clone(), service };
            let mut heard = asker.ask(questions, patience).await;
            if let Some(wish) = &self.wish {
                let host = (&name, self.types.as_slice());
                heard.result = complete_heard(&asker, wish, host, heard.result, heard.services.take()).await;
                heard.path.append(&mut asker.path.borrow_mut());
            }
            path.append(&mut heard.path);
            if !heard.result.as_ref().is_err_and(Fault::is_negative) {
                return Ended::Asked(ResolverAnswer { path, ..heard }, name);
            }
            if name == self.name {
                as_it_is = Some(heard);
            }
        }
        // It is always among them.
        let heard = as_it_is.unwrap_or_else(ResolverAnswer::nothing);
        Ended::Asked(ResolverAnswer { path, ..heard }, self.name.clone())
    }

    /// The walks, and the stub's answer in their place when no root server can be reached.
    async fn walk(
        &self,
        start: At,
        run: &Rc<Resolution>,
        job: &Job,
        walks: Vec<(Vec<RecordType>, Aliases)>,
        stub: Option<Rc<StubLane>>,
    ) -> Ended {
        let context = self.context;
        // What one name met says nothing once a root server has answered another.
        let root_silent = context.network.root_silent.get() && !context.has_heard_a_root();
        if let Some(stub) = stub.as_ref().filter(|_| root_silent)
            && context.delegations.above(&self.name, Moment::now()).len() == 1
        {
            let heard = stub.heard().await;
            if is_answer(&heard.result) {
                return Ended::FellBack(heard);
            }
        }
        let root_answered = || run.root_answered.get() || context.has_heard_a_root();
        let fallback = async {
            self.until(start, ROOT_PATIENCE, &run.log).await;
            if let Some(stub) = &stub
                && !root_answered()
            {
                let heard = stub.heard().await;
                if is_answer(&heard.result) && !root_answered() {
                    return heard;
                }
            }
            std::future::pending().await
        };
        let result = tokio::select! {
            biased;
            result = self.with_services(job, walks) => result,
            heard = fallback => {
                context.network.root_silent.set(true);
                return Ended::FellBack(heard);
            }
        };
        let Err(fault) = result else { return Ended::Walked(result) };
        if run.root_answered.get()
            || fault.is_negative()
            || !context.hints.has_server_of(context.plan.server_family)
        {
            return Ended::Walked(Err(fault));
        }
        if let Some(stub) = stub {
            let heard = stub.heard().await;
            if is_answer(&heard.result) {
                context.network.root_silent.set(!context.has_heard_a_root());
                return Ended::FellBack(heard);
            }
        }
        if context.has_heard_a_root() {
            return Ended::Walked(Err(fault));
        }
        Ended::Walked(Err(Fault { rcode: None, ..self.unreachable(&fault.message) }))
    }

    /// The walks, and what the HTTPS records make of them.
    async fn with_services(&self, job: &Job, walks: Vec<(Vec<RecordType>, Aliases)>) -> Result<Found, Fault> {
        let result = self.all(job, walks).await;
        complete(job, &self.name, &self.types, result).await
    }

    async fn all(&self, job: &Job, walks: Vec<(Vec<RecordType>, Aliases)>) -> Result<Found, Fault> {
        let mut all: Option<Found> = None;
        let mut first_fault = None;
        for (types, aliases) in walks {
            let job = Job { aliases, ..job.clone() };
            match find(job, self.name.clone(), types).await {
                Ok(found) => {
                    let all = all.get_or_insert_default();
                    for record in found.answers {
                        if !all.answers.contains(&record) {
                            all.answers.push(record);
                        }
                    }
                    all.addresses.extend(found.addresses);
                    all.finished.extend(found.finished);
                    all.services.extend(found.services);
                    all.rcode = all.rcode.or(found.rcode);
                }
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        match (all, first_fault) {
            (Some(found), fault) => {
                if let Some(fault) = fault {
                    job.resolution.log.note(format!("not every type was answered: {}", fault.message));
                }
                Ok(found)
            }
            (None, Some(fault)) => Err(fault),
            (None, None) => Ok(Found::default()),
        }
    }

    /// Starts what runs beside the walk, unless the answer is known already.
    fn uncounted(&self, log: &Rc<Log>, walks: &[(Vec<RecordType>, Aliases)]) -> UncountedLanes {
        let context = self.context;
        let now = context.now();
        let mut uncounted = UncountedLanes::none();
        uncounted.log = Some(Rc::clone(log));
        uncounted.context = Some(Rc::clone(context));
        let known = |(types, aliases): &(Vec<RecordType>, Aliases)| {
            *aliases == Aliases::Follow && context.answers.get(&self.name, types, now).is_some()
        };
        if walks.iter().all(known) {
            return uncounted;
        }
        if !context.plan.stub_servers.is_empty() {
            let lane = StubLane::new(context, log, &self.name, &self.types);
            if context.stub_use.get() == StubUse::Beside {
                lane.begin();
            }
            uncounted.stub = Some(lane);
        }
        if !context.priming.begun.replace(true) {
            let (context, log, done) = (Rc::clone(context), Rc::clone(log), Rc::new(SetOnce::new()));
            uncounted.priming = Some(Rc::clone(&done));
            uncounted.spawn(async move {
                prime(&context, &log).await;
                let _ = done.set(());
            });
        }
        uncounted
    }

    /// What was going on when the lane was stopped from outside.
    fn stopped(&self, stopped: Stopped, run: &Resolution, awaited: Option<usize>) -> Fault {
        let log = &run.log;
        let asking = awaited.and_then(|id| {
            log.with(id, |packet| {
                let server = packet
                    .server_name
                    .as_ref()
                    .map_or_else(|| show(packet.server), |name| format!("{name} ({})", packet.server.ip()));
                format!("asking {server} for {} {}", packet.qname, packet.qtype.mnemonic())
            })
        });
        let asking = asking.unwrap_or_else(|| format!("resolving {}", name_text(&self.name)));
        match stopped {
            Stopped::Interrupted => {
                Fault::new(FailureCode::Interrupted, format!("interrupted while {asking}"))
            }
            Stopped::Part(limit) => {
                let limit = seconds(limit);
                Fault::new(
                    FailureCode::MaxTime,
                    format!("the limit of {limit} for this part passed while {asking}"),
                )
            }
            Stopped::MaxTime => {
                let limit = seconds(self.stop.max_time());
                Fault::new(FailureCode::MaxTime, format!("the limit of {limit} passed while {asking}"))
                    .hint("raise --max-time")
            }
            Stopped::Limit => {
                let limit = seconds(self.context.plan.timeout);
                log.note(format!("the limit of {limit} for DNS was hit"));
                if log.is_empty() {
                    let name = name_text(&self.name);
                    let message = format!(
                        "nobody was asked for {name}: {limit} passed while it waited for other names of this run"
                    );
                    return Fault::new(FailureCode::DnsTimeout, message)
                        .hint("ask for fewer names at a time, or for this one alone");
                }
                let root_answered = run.root_answered.get() || self.context.has_heard_a_root();
                if self.context.plan.lane == ResolverChoice::Walk && !root_answered {
                    return self.unreachable(&format!("nothing was answered in {limit}, last {asking}"));
                }
                Fault::new(FailureCode::DnsTimeout, format!("no answer within {limit}, while {asking}"))
                    .hint("one zone on the way is slow or dead: see its packets")
            }
        }
    }

    /// Nobody at all could be asked.
    fn unreachable(&self, why: &str) -> Fault {
        let resolver = if self.context.plan.stub_servers.is_empty() {
            "no resolver is configured"
        } else {
            "no resolver answered"
        };
        let message = if self.context.network.is_cut_off(self.context.plan.server_family) {
            let family = self.context.plan.server_family.words();
            let how = family.map_or("neither for IPv4 nor for IPv6".to_owned(), |(family, option)| {
                format!("not for {family}, and {option} allows nothing else")
            });
            format!("this machine has no route to a root server, {how}, and {resolver}")
        } else {
            format!("no root server answered, and {resolver}: {why}")
        };
        Fault::new(FailureCode::DnsUnreachable, message)
            .hint("check the network; where only a resolver can be reached, use --resolver")
    }
}

/// Whether there is anything of the walk to validate, or why not.
fn worth_validating(result: &Result<Found, Fault>, run: &Resolution) -> Result<WalkEnd, &'static str> {
    match result.as_ref().err().map(|fault| fault.code) {
        _ if is_answer(result) => Ok(WalkEnd::Answered),
        Some(FailureCode::Interrupted | FailureCode::MaxTime) => Err("the walk was stopped"),
        _ if run.root_answered.get() => Ok(WalkEnd::Lost),
        _ => Err("no root server answered"),
    }
}

fn fill(dns: &mut Dns, result: Result<Found, Fault>) -> Result<(), Fault> {
    match result {
        Ok(found) => {
            dns.rcode = found.rcode.or(Some(Rcode::NOERROR));
            dns.answers = found.answers;
            dns.addresses = found.addresses;
            Ok(())
        }
        Err(fault) => {
            dns.rcode = fault.rcode;
            dns.negative = fault.negative.as_deref().cloned();
            dns.answers.clone_from(&fault.answers);
            Err(fault)
        }
    }
}
