//! A virtual machine of one processor and some memory, driven through `/dev/kvm`.
//!
//! It has no firmware, no devices and no operating system: the processor begins in long mode, in
//! ring 3, at the first instruction of a program that lies in memory. An `out` to a port stops it and
//! brings it back here ([`Machine::run`]); everything else that would leave the program ends it.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use kvm_bindings::{
    CpuId, KVM_MAX_CPUID_ENTRIES, kvm_fpu, kvm_regs, kvm_segment, kvm_sregs,
    kvm_userspace_memory_region,
};
use kvm_ioctls::{Kvm, VcpuExit, VcpuFd, VmFd};
use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MmapAdvise, madvise};
use vm_memory::mmap::MmapRegionError;
use vm_memory::volatile_memory::{self, VolatileMemory};
use vm_memory::{FileOffset, MmapRegion};

use crate::technology::Failure;

/// Bytes of memory of a machine.
pub(super) const MEMORY: usize = 16 << 20;

/// Where the program is in memory: what is below is the page tables', and not mapped for it, so that
/// a null pointer goes nowhere.
pub(super) const PROGRAM: usize = 2 << 20;

/// The port whose writing is a call to the host, and the only one that the program may use. Writing
/// 32 bits takes four.
pub(super) const PORT: u16 = 0x7c;

const PAGE: usize = 4096;
const LARGE_PAGE: usize = 2 << 20;

// Where the page tables are. The program has large pages; the last level is for what is below it.
const LEVEL_4: usize = 0x1000;
const LEVEL_3: usize = 0x2000;
const LEVEL_2: usize = 0x3000;
const LEVEL_1: usize = 0x4000;

/// Where the processor finds which ports the program may use: a task state segment, which ends with a
/// bit for each port that forbids it (Intel SDM 1, 19.5.2). The program cannot reach it.
const TASK: usize = 0x5000;
const TASK_BYTES: usize = 104;
const PORTS: usize = 0x80;
/// Where the segment says that the bits begin.
const TASK_PORTS: usize = 102;
/// Behind the bits comes a byte of ones.
const TASK_LIMIT: usize = TASK_BYTES + PORTS / 8;

// Bits of an entry of a page table (Intel SDM 3A, 4.5).
const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const FOR_RING_3: u64 = 1 << 2;
const LARGE: u64 = 1 << 7;

// Bits of the control registers and of EFER (Intel SDM 3A, 2.5 and 2.2.1).
const CR0: u64 = 1 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 31; // PE, MP, ET, NE, PG
const CR4: u64 = 1 << 5 | 1 << 9 | 1 << 10; // PAE, OSFXSR, OSXMMEXCPT
const EFER: u64 = 1 << 8 | 1 << 10; // LME, LMA

/// Bit 1 is always set.
const FLAGS: u64 = 2;

/// What a floating-point unit has after a reset: all exceptions masked, 64-bit precision.
const FPU_CONTROL: u16 = 0x37f;
const SSE_CONTROL: u32 = 0x1f80;

/// The rights that code runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ring {
    /// An operating system's.
    Kernel,
    /// A program's.
    Program,
}

/// The host's virtualisation, opened once for all machines.
#[derive(Debug)]
pub(super) struct Hypervisor {
    kvm: Kvm,
    cpuid: CpuId,
}

impl Hypervisor {
    /// Opens `/dev/kvm`.
    pub(super) fn open() -> Result<Self, Failure> {
        let kvm = Kvm::new().map_err(|error| refused("cannot open /dev/kvm", error))?;
        let cpuid = kvm
            .get_supported_cpuid(KVM_MAX_CPUID_ENTRIES)
            .map_err(|error| refused("/dev/kvm does not tell what processors it has", error))?;
        Ok(Self { kvm, cpuid })
    }

    /// The version of its interface.
    pub(super) fn version(&self) -> i32 {
        self.kvm.get_api_version()
    }
}

/// A virtual machine.
#[derive(Debug)]
pub(super) struct Machine {
    // In this order they are dropped: the memory when nothing runs in it any more.
    processor: VcpuFd,
    _vm: VmFd,
    memory: MmapRegion,
    /// Pages that the file holds which the memory was mapped from.
    of_file: Vec<usize>,
}

/// Everything a processor has of a program: with the memory, all there is to go on with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registers {
    general: kvm_regs,
    special: kvm_sregs,
    floating_point: kvm_fpu,
}

/// Memory in a file, and which pages of it are not empty.
#[derive(Debug)]
pub(super) struct Image {
    file: FileOffset,
    pages: Vec<usize>,
}

impl Image {
    /// How many pages are not empty.
    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }
}

impl Machine {
    /// A machine with a program in its memory that has not run yet.
    pub(super) fn new(
        hypervisor: &Hypervisor,
        program: &[u8],
        ring: Ring,
    ) -> Result<Self, Failure> {
        let memory = mapped(None)?;
        let (machine, processor) = with_memory(hypervisor, &memory)?;
        let machine = Self {
            processor,
            _vm: machine,
            memory,
            of_file: Vec::new(),
        };
        machine.lay_out(program)?;
        let mut special = machine
            .processor
            .get_sregs()
            .map_err(|error| refused("cannot read the processor's registers", error))?;
        set_up(&mut special, ring);
        let end = MEMORY as u64;
        let general = kvm_regs {
            rip: PROGRAM as u64,
            rdi: end,
            // As if called: the address to return to would be there.
            rsp: end - 8,
            rflags: FLAGS,
            ..kvm_regs::default()
        };
        let floating_point = kvm_fpu {
            fcw: FPU_CONTROL,
            mxcsr: SSE_CONTROL,
            ..kvm_fpu::default()
        };
        machine.load(&Registers {
            general,
            special,
            floating_point,
        })?;
        Ok(machine)
    }

    /// A machine that goes on where another was. Its memory is the file's, copied page by page when
    /// it writes; the file stays as it is.
    pub(super) fn restored(
        hypervisor: &Hypervisor,
        image: &Image,
        registers: &Registers,
    ) -> Result<Self, Failure> {
        let memory = mapped(Some(image.file.clone()))?;
        let (machine, processor) = with_memory(hypervisor, &memory)?;
        let machine = Self {
            processor,
            _vm: machine,
            memory,
            of_file: image.pages.clone(),
        };
        machine.load(registers)?;
        Ok(machine)
    }

    /// Puts page tables and the program into memory. Addresses are the physical ones.
    fn lay_out(&self, program: &[u8]) -> Result<(), Failure> {
        let table = PRESENT | WRITABLE | FOR_RING_3;
        self.write(LEVEL_4, &(LEVEL_3 as u64 | table).to_le_bytes())?;
        self.write(LEVEL_3, &(LEVEL_2 as u64 | table).to_le_bytes())?;
        for page in PROGRAM / LARGE_PAGE..MEMORY / LARGE_PAGE {
            let entry = (page * LARGE_PAGE) as u64 | table | LARGE;
            self.write(LEVEL_2 + 8 * page, &entry.to_le_bytes())?;
        }
        let of_kernel = PRESENT | WRITABLE;
        self.write(LEVEL_2, &(LEVEL_1 as u64 | of_kernel).to_le_bytes())?;
        let task = LEVEL_1 + 8 * (TASK / PAGE);
        self.write(task, &(TASK as u64 | of_kernel).to_le_bytes())?;
        let mut ports = [u8::MAX; PORTS / 8 + 1];
        for port in PORT..PORT + 4 {
            ports[usize::from(port / 8)] &= !(1 << (port % 8));
        }
        self.write(TASK + TASK_BYTES, &ports)?;
        let begin = u16::try_from(TASK_BYTES).unwrap_or(u16::MAX);
        self.write(TASK + TASK_PORTS, &begin.to_le_bytes())?;
        self.write(PROGRAM, program)
    }

    fn load(&self, registers: &Registers) -> Result<(), Failure> {
        let processor = &self.processor;
        processor
            .set_sregs(&registers.special)
            .and_then(|()| processor.set_regs(&registers.general))
            .and_then(|()| processor.set_fpu(&registers.floating_point))
            .map_err(|error| refused("cannot set the processor's registers", error))
    }

    /// Runs until the program writes to the port. Returns what it wrote.
    pub(super) fn run(&mut self) -> Result<u32, Failure> {
        loop {
            match self.processor.run() {
                Ok(VcpuExit::IoOut(PORT, data)) => {
                    let number = <[u8; 4]>::try_from(data).map(u32::from_le_bytes);
                    return number.map_err(|_| Failure::new("the guest wrote no 32 bits"));
                }
                Ok(VcpuExit::Shutdown) => {
                    return Err(Failure::new(
                        "the guest crashed: an exception that nothing in it handles",
                    ));
                }
                Ok(exit) => {
                    return Err(Failure::new(format!(
                        "the guest did what it must not: {exit:?}"
                    )));
                }
                Err(error) if matches!(error.errno(), libc::EINTR | libc::EAGAIN) => {}
                Err(error) => return Err(refused("the guest does not run", error)),
            }
        }
    }

    /// The registers after the call that [`Machine::run`] returned with. The call is at an end only
    /// when the processor is entered again, which is made to return at once.
    pub(super) fn registers(&mut self) -> Result<Registers, Failure> {
        self.processor.set_kvm_immediate_exit(1);
        let entered = self.processor.run().map(|exit| format!("{exit:?}"));
        self.processor.set_kvm_immediate_exit(0);
        match entered {
            Err(error) if error.errno() == libc::EINTR => {}
            Err(error) => return Err(refused("cannot end a call", error)),
            Ok(exit) => return Err(Failure::new(format!("a call ended with {exit}"))),
        }
        let processor = &self.processor;
        let read = || {
            Ok(Registers {
                general: processor.get_regs()?,
                special: processor.get_sregs()?,
                floating_point: processor.get_fpu()?,
            })
        };
        read().map_err(|error| refused("cannot read the processor's registers", error))
    }

    /// Reads from memory.
    pub(super) fn read(&self, at: usize, bytes: &mut [u8]) -> Result<(), Failure> {
        let slice = self.memory.get_slice(at, bytes.len());
        slice.map_err(|error| outside(&error))?.copy_to(bytes);
        Ok(())
    }

    /// Writes into memory.
    pub(super) fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Failure> {
        let slice = self.memory.get_slice(at, bytes.len());
        slice.map_err(|error| outside(&error))?.copy_from(bytes);
        Ok(())
    }

    /// Writes the pages of memory that are not empty into an empty file, at their place.
    pub(super) fn save(&self, file: File) -> Result<Image, Failure> {
        let fail = |error| Failure::of("cannot save the memory", error);
        file.set_len(MEMORY as u64).map_err(fail)?;
        let mut touched = self.touched().map_err(fail)?;
        touched.extend(&self.of_file);
        touched.sort_unstable();
        touched.dedup();
        let mut pages = Vec::with_capacity(touched.len());
        let mut bytes = [0; PAGE];
        for page in touched {
            self.read(page * PAGE, &mut bytes)?;
            if bytes.iter().any(|byte| *byte != 0) {
                file.write_all_at(&bytes, (page * PAGE) as u64)
                    .map_err(fail)?;
                pages.push(page);
            }
        }
        Ok(Image {
            file: FileOffset::new(file, 0),
            pages,
        })
    }

    /// The pages that this process has in memory or in swap space, by `/proc/self/pagemap`: bits 63
    /// and 62 of eight bytes for each.
    fn touched(&self) -> io::Result<Vec<usize>> {
        let map = File::open("/proc/self/pagemap")?;
        let first = self.memory.as_ptr() as usize / PAGE;
        let mut entries = vec![0; 8 * MEMORY / PAGE];
        map.read_exact_at(&mut entries, 8 * first as u64)?;
        let (entries, _) = entries.as_chunks::<8>();
        let is_there = |entry: &[u8; 8]| u64::from_le_bytes(*entry) >> 62 != 0;
        Ok((0..)
            .zip(entries)
            .filter(|(_, entry)| is_there(entry))
            .map(|(page, _)| page)
            .collect())
    }
}

/// Maps memory that belongs to nobody else: empty, or what is in a file until it is written to.
fn mapped(file: Option<FileOffset>) -> Result<MmapRegion, Failure> {
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let mut flags = libc::MAP_PRIVATE | libc::MAP_NORESERVE;
    if file.is_none() {
        flags |= libc::MAP_ANONYMOUS;
    }
    let memory = MmapRegion::build(file, MEMORY, rights, flags).map_err(|error| {
        let message = format!("cannot map memory for the machine: {error}");
        match error {
            MmapRegionError::Mmap(error) if is_limit(error.raw_os_error()) => {
                Failure::limit(message)
            }
            _ => Failure::new(message),
        }
    })?;
    let address = std::ptr::NonNull::new(memory.as_ptr().cast());
    let address = address.ok_or_else(|| Failure::new("memory was mapped at no address"))?;
    // One page at a time: large pages would give each machine memory it has no use for.
    // SAFETY: the mapping is this one's alone, and the advice changes nothing that can be read.
    let advised = unsafe { madvise(address, memory.size(), MmapAdvise::MADV_NOHUGEPAGE) };
    match advised {
        // A kernel without large pages knows no advice about them.
        Ok(()) | Err(Errno::EINVAL) => Ok(memory),
        Err(error) => Err(Failure::of("cannot advise on the machine's memory", error)),
    }
}

/// A machine with its processor, over memory that the caller keeps mapped.
fn with_memory(hypervisor: &Hypervisor, memory: &MmapRegion) -> Result<(VmFd, VcpuFd), Failure> {
    let machine = hypervisor
        .kvm
        .create_vm()
        .map_err(|error| refused("cannot make a virtual machine", error))?;
    let region = kvm_userspace_memory_region {
        slot: 0,
        flags: 0,
        guest_phys_addr: 0,
        memory_size: memory.size() as u64,
        userspace_addr: memory.as_ptr() as u64,
    };
    // SAFETY: the region is mapped, it is the only one of the machine, and `Machine` unmaps it after
    // the machine is gone.
    unsafe { machine.set_user_memory_region(region) }
        .map_err(|error| refused("cannot give the machine memory", error))?;
    let processor = machine
        .create_vcpu(0)
        .map_err(|error| refused("cannot give the machine a processor", error))?;
    processor
        .set_cpuid2(&hypervisor.cpuid)
        .map_err(|error| refused("cannot tell the processor what it is", error))?;
    Ok((machine, processor))
}

/// Long mode, flat segments, and nothing that could handle an exception.
fn set_up(special: &mut kvm_sregs, ring: Ring) {
    let dpl = match ring {
        Ring::Kernel => 0,
        Ring::Program => 3,
    };
    let data = kvm_segment {
        base: 0,
        limit: u32::MAX,
        selector: 0x10 | u16::from(dpl),
        type_: 0b0011,
        present: 1,
        dpl,
        db: 1,
        s: 1,
        g: 1,
        ..kvm_segment::default()
    };
    special.cs = kvm_segment {
        selector: 0x08 | u16::from(dpl),
        type_: 0b1011,
        db: 0,
        l: 1,
        ..data
    };
    special.ss = data;
    special.ds = data;
    special.es = data;
    special.fs = data;
    special.gs = data;
    special.tr = kvm_segment {
        base: TASK as u64,
        limit: u32::try_from(TASK_LIMIT).unwrap_or(0),
        selector: 0x18,
        type_: 0b1011,
        present: 1,
        ..kvm_segment::default()
    };
    special.cr0 = CR0;
    special.cr3 = LEVEL_4 as u64;
    special.cr4 = CR4;
    special.efer = EFER;
    special.gdt.limit = 0;
    special.idt.limit = 0;
}

fn is_limit(code: Option<i32>) -> bool {
    let limits = [
        libc::EAGAIN,
        libc::EMFILE,
        libc::ENFILE,
        libc::ENOMEM,
        libc::ENOSPC,
    ];
    code.is_some_and(|code| limits.contains(&code))
}

/// What KVM refused. No more memory or file descriptors is a limit.
fn refused(what: &str, error: kvm_ioctls::Error) -> Failure {
    let message = format!("{what}: {}", io::Error::from_raw_os_error(error.errno()));
    if is_limit(Some(error.errno())) {
        Failure::limit(message)
    } else {
        Failure::new(message)
    }
}

fn outside(error: &volatile_memory::Error) -> Failure {
    Failure::of("the guest named memory that it does not have", error)
}
