//! The one file that calls the kernel directly. The standard library's sockets do the packets; what it lacks, epoll,
//! eventfd, a sleep finer than a millisecond, undoing a UDP connect, limits and priorities, is here.
#![expect(
    unsafe_code,
    reason = "epoll, eventfd and scheduling have no safe interface in the standard library; each call below passes \
              only pointers to live locals and descriptors that an OwnedFd or a socket keeps open"
)]

use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Monotonic time: the engine's one look at the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "media threads time packets themselves; everything pure gets this as an argument"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// A set of descriptors to wait for, level-triggered.
pub(crate) struct Epoll {
    fd: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

impl Epoll {
    /// `batch`: how many ready descriptors one wait reports at most. Refused where the kernel has no fine timeout
    /// (`epoll_pwait2`, Linux 5.11), or a later wait would not wait at all.
    pub(crate) fn new(batch: usize) -> io::Result<Self> {
        // SAFETY: no pointers; the descriptor is new and ours.
        let fd =
            unsafe { OwnedFd::from_raw_fd(checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        let mut epoll = Self {
            fd,
            ready: vec![libc::epoll_event { events: 0, u64: 0 }; batch],
        };
        epoll.try_wait(Some(Duration::ZERO))?;
        Ok(epoll)
    }

    /// Reports `token` whenever `fd` is readable. A closed descriptor leaves the set by itself.
    pub(crate) fn add(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: token,
        };
        // SAFETY: `event` lives through the call, which copies it.
        checked(unsafe {
            libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event)
        })?;
        Ok(())
    }

    /// Waits until something is readable or the time is over (`None`: no end); returns how many tokens there are.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> usize {
        // Interrupted by a signal: nothing is ready, the loop comes again.
        self.try_wait(timeout).unwrap_or(0)
    }

    fn try_wait(&mut self, timeout: Option<Duration>) -> io::Result<usize> {
        let timeout = timeout.map(|timeout| libc::timespec {
            tv_sec: timeout.as_secs().min(3_600) as libc::time_t,
            tv_nsec: libc::c_long::from(timeout.subsec_nanos().cast_signed()),
        });
        let timeout: *const libc::timespec = timeout.as_ref().map_or(std::ptr::null(), |t| t);
        // SAFETY: `ready` has room for its length; `timeout` is null or points to a local that lives through the call.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.fd.as_raw_fd(),
                self.ready.as_mut_ptr(),
                self.ready.len() as libc::c_int,
                timeout,
                std::ptr::null::<libc::sigset_t>(),
                std::mem::size_of::<libc::c_ulong>(),
            )
        };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }

    /// The `index`th token of the last wait.
    pub(crate) fn token(&self, index: usize) -> u64 {
        self.ready[index].u64
    }
}

/// Wakes one thread out of its wait. Many wakes before it looks cost one system call.
pub(crate) struct Waker {
    fd: OwnedFd,
    signalled: AtomicBool,
    stopped: AtomicBool,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no pointers; the descriptor is new and ours.
        let fd = unsafe {
            OwnedFd::from_raw_fd(checked(libc::eventfd(
                0,
                libc::EFD_NONBLOCK | libc::EFD_CLOEXEC,
            ))?)
        };
        Ok(Self {
            fd,
            signalled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    pub(crate) fn wake(&self) {
        if self.signalled.swap(true, Ordering::AcqRel) {
            return;
        }
        let one = 1_u64.to_ne_bytes();
        // SAFETY: `one` is eight readable bytes. A full counter (EAGAIN) already wakes.
        unsafe { libc::write(self.fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Asks the thread to end; never lost, unlike a command to a full queue.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// To be called before looking for work: what was queued before a wake that this takes is then seen.
    pub(crate) fn clear(&self) {
        let mut count = [0; 8];
        // SAFETY: `count` is eight writable bytes. Nothing to read (EAGAIN) is fine.
        unsafe { libc::read(self.fd(), count.as_mut_ptr().cast(), count.len()) };
        self.signalled.swap(false, Ordering::AcqRel);
    }
}

/// Lets a connected UDP socket hear everybody again; its local port stays.
pub(crate) fn disconnect(socket: &UdpSocket) -> io::Result<()> {
    let nowhere = libc::sockaddr {
        sa_family: libc::AF_UNSPEC as libc::sa_family_t,
        sa_data: [0; 14],
    };
    // SAFETY: `nowhere` lives through the call and the length is its own.
    checked(unsafe {
        libc::connect(
            socket.as_raw_fd(),
            &raw const nowhere,
            std::mem::size_of_val(&nowhere) as libc::socklen_t,
        )
    })?;
    Ok(())
}

/// Raises the soft limit of open files to the hard one, as far as allowed.
pub(crate) fn raise_open_files() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a live local for both calls; failure leaves the limit as it was.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0
            && limit.rlim_cur < limit.rlim_max
        {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

/// Puts the calling thread one real-time step above what it inherited (or at the lowest real-time step), and lets its
/// timers be exact. Says whether it was allowed.
pub(crate) fn raise_priority() -> bool {
    // SAFETY: `param` is a live local; 0 means the calling thread.
    unsafe {
        let mut param: libc::sched_param = std::mem::zeroed();
        let policy = libc::sched_getscheduler(0) & !libc::SCHED_RESET_ON_FORK;
        let (policy, priority) = match policy {
            libc::SCHED_RR | libc::SCHED_FIFO => {
                libc::sched_getparam(0, &raw mut param);
                (policy, param.sched_priority + 1)
            }
            _ => (libc::SCHED_RR, 1),
        };
        param.sched_priority = priority;
        libc::sched_setscheduler(0, policy, &raw const param) == 0
    }
}

/// Lets the calling thread's sleeps end within a microsecond or so of their time instead of the usual fifty.
pub(crate) fn exact_timers() {
    // SAFETY: no pointers.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000_u64, 0, 0, 0) };
}

/// Eight bytes nobody can guess, for SSRCs and first sequence numbers (RFC 3550 §8.1).
pub(crate) fn random() -> u64 {
    let mut bytes = [0_u8; 8];
    // SAFETY: `bytes` is eight writable bytes.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    assert_eq!(got, 8, "the operating system has a random source");
    u64::from_ne_bytes(bytes)
}
